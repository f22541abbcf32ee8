import type { LiveTopic } from '@qianhu/contracts';
import type { AgentId, CampaignId } from '@qianhu/core';
import type { Engine, LiveChange } from '../engine/port.ts';
import type { Viewer } from '../http/viewer.ts';

/** What a topic gives: a whole picture, then changes of it. A change that came before the picture may be in it already. */
export type TopicSource = {
  snapshot(): Promise<unknown>;
  /** Returns the remover. */
  subscribe(push: (data: unknown) => void): () => void;
};

/** A topic's source for this viewer, or why not. */
export type ResolveTopic = (topic: LiveTopic, viewer: Viewer) => TopicSource | 'forbidden' | 'notFound';

/** Progress of an import, as its feature tells it. */
export type ImportTopic = (importId: string, push: (data: unknown) => void) => () => void;

export type LiveTopicDeps = {
  readonly engine: Pick<Engine, 'floor' | 'agent' | 'campaign' | 'status' | 'subscribe'>;
  readonly imports?: {
    readonly snapshot: (importId: string) => Promise<unknown>;
    readonly subscribe: ImportTopic;
  };
};

/** The topics of the live connection, and who may listen to which: agents hear of themselves only. */
export const createLiveTopics = ({ engine, imports }: LiveTopicDeps): ResolveTopic => {
  const fromEngine = (pick: (change: LiveChange) => unknown) => (push: (data: unknown) => void) =>
    engine.subscribe((change) => {
      const data = pick(change);
      if (data !== undefined) push(data);
    });
  return (topic, viewer) => {
    if (topic === 'agent:me') {
      const { userId } = viewer;
      if (userId === undefined) return 'forbidden';
      const agentId = userId as string as AgentId;
      return {
        snapshot: () => Promise.resolve(engine.agent(agentId) ?? null),
        subscribe: fromEngine((change) =>
          change.type === 'agent' && change.view.agentId === agentId ? { kind: 'agent', view: change.view } : undefined,
        ),
      };
    }
    if (viewer.role === 'agent') return 'forbidden';
    if (topic === 'floor')
      return {
        snapshot: () => Promise.resolve(engine.floor()),
        subscribe: fromEngine((change) =>
          change.type === 'campaign' || change.type === 'agent' ? { kind: change.type, view: change.view } : undefined,
        ),
      };
    if (topic === 'status')
      return {
        snapshot: () => Promise.resolve(engine.status()),
        subscribe: fromEngine((change) =>
          change.type === 'status' ? { kind: 'status', status: change.status } : undefined,
        ),
      };
    const [kind, id = ''] = topic.split(':');
    if (kind === 'campaign') {
      const campaignId = id as CampaignId;
      if (engine.campaign(campaignId) === undefined) return 'notFound';
      return {
        snapshot: () => Promise.resolve(engine.campaign(campaignId)),
        subscribe: fromEngine((change) => {
          if (change.type === 'campaign' && change.view.campaignId === campaignId)
            return { kind: 'campaign', view: change.view };
          if (change.type === 'attemptSettled' && change.campaignId === campaignId) {
            const { attemptId, outcome } = change;
            return { kind: 'attemptSettled', campaignId, attemptId, outcome };
          }
          return undefined;
        }),
      };
    }
    if (kind === 'import' && imports !== undefined)
      return {
        snapshot: () => imports.snapshot(id),
        subscribe: (push) => imports.subscribe(id, push),
      };
    return 'notFound';
  };
};
