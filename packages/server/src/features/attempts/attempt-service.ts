import type { Attempt, AttemptFilter, AttemptQuery, AttemptStory } from '@qianhu/contracts';
import type { AgentId, AttemptId } from '@qianhu/core';
import { AppError } from '../../errors.ts';
import { maskNumber, numbersAreMaskedFor, personOf, seesAllCalls, type Viewer } from '../../http/viewer.ts';
import type { Page } from '../../platform/cursor.ts';
import type { AttemptStore } from './attempt-store.ts';

export type AttemptDeps = {
  readonly store: AttemptStore;
  readonly maskNumbersForAgents: () => Promise<boolean>;
};

/** Attempts as each person may see them: agents see their own, with numbers masked by setting. */
export interface AttemptService {
  page(query: AttemptQuery, viewer: Viewer): Promise<Page<Attempt>>;
  story(attemptId: AttemptId, viewer: Viewer): Promise<AttemptStory>;
  /** Rows of an export, oldest first. */
  stream(filter: AttemptFilter): AsyncGenerator<readonly Attempt[]>;
}

const masked = (attempt: Attempt): Attempt => ({ ...attempt, number: maskNumber(attempt.number) });

export const createAttemptService = ({ store, maskNumbersForAgents }: AttemptDeps): AttemptService => {
  const isMasked = async (viewer: Viewer): Promise<boolean> =>
    numbersAreMaskedFor(viewer, await maskNumbersForAgents());
  return {
    async page(query, viewer) {
      const own = seesAllCalls(viewer) ? query : { ...query, agentId: personOf(viewer) as string as AgentId };
      const page = await store.page(own);
      return (await isMasked(viewer)) ? { ...page, items: page.items.map(masked) } : page;
    },

    async story(attemptId, viewer) {
      const story = await store.story(attemptId);
      const isOwn = seesAllCalls(viewer) || story?.attempt.agentId === (personOf(viewer) as string);
      // Whether an attempt exists is nobody's business who may not see it.
      if (story === undefined || !isOwn) throw new AppError('notFound', 'There is no such attempt.');
      if (!(await isMasked(viewer))) return story;
      return {
        ...story,
        attempt: masked(story.attempt),
        dials: story.dials.map((dial) => ({ ...dial, dialString: maskNumber(dial.dialString) })),
      };
    },

    stream: (filter) => store.stream(filter),
  };
};
