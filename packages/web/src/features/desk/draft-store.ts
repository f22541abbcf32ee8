/** What an agent writes about a call before it is sent. */
export type Draft = {
  readonly code: string | undefined;
  readonly note: string;
  readonly callbackAtMs: number | undefined;
};

export const emptyDraft: Draft = { code: undefined, note: '', callbackAtMs: undefined };

/** Keeps drafts by call, so that a reload in the middle of a talk loses no note. */
export interface DraftStore {
  load(callId: string): Draft;
  save(callId: string, draft: Draft): void;
  forget(callId: string): void;
}

const KEY = 'qianhu.draft';

/** In the tab's session storage: one draft, of the present call; gone with the tab, since a note is personal data. */
export const sessionDraftStore = (storage: Storage): DraftStore => ({
  load(callId) {
    try {
      const stored: unknown = JSON.parse(storage.getItem(KEY) ?? 'null');
      if (typeof stored !== 'object' || stored === null) return emptyDraft;
      const record = stored as Record<string, unknown>;
      if (record['callId'] !== callId) return emptyDraft;
      return {
        code: typeof record['code'] === 'string' ? record['code'] : undefined,
        note: typeof record['note'] === 'string' ? record['note'] : '',
        callbackAtMs: typeof record['callbackAtMs'] === 'number' ? record['callbackAtMs'] : undefined,
      };
    } catch {
      return emptyDraft;
    }
  },
  save(callId, draft) {
    storage.setItem(KEY, JSON.stringify({ callId, ...draft }));
  },
  forget() {
    storage.removeItem(KEY);
  },
});
