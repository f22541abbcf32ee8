import { liveData } from '@qianhu/contracts';
import type { AgentLive, CampaignLive, Floor } from '@qianhu/contracts';
import type { TopicReader } from './live.ts';

/** Puts a view in the place of the one with the same id, or at the end. */
const replace = <T>(items: readonly T[], view: T, idOf: (item: T) => string): readonly T[] =>
  items.some((item) => idOf(item) === idOf(view))
    ? items.map((item) => (idOf(item) === idOf(view) ? view : item))
    : [...items, view];

/** All campaigns that are not over, and all agents. */
export const floorTopic: TopicReader<Floor> = {
  topic: 'floor',
  snapshot: (data) => liveData.floor.snapshot.safeParse(data).data,
  change: (present, data) => {
    const change = liveData.floor.change.safeParse(data).data;
    if (change === undefined) return undefined;
    switch (change.kind) {
      case 'campaign':
        return { ...present, campaigns: replace(present.campaigns, change.view, (view) => view.campaignId) };
      case 'agent':
        return { ...present, agents: replace(present.agents, change.view, (view) => view.agentId) };
      case 'removed':
        return {
          campaigns: present.campaigns.filter((view) => view.campaignId !== change.id),
          agents: present.agents.filter((view) => view.agentId !== change.id),
        };
    }
  },
};

/** One campaign. `onSettled` is told of each attempt that has ended. */
export const campaignTopic = (id: string, onSettled?: (attemptId: string) => void): TopicReader<CampaignLive> => ({
  topic: `campaign:${id}`,
  snapshot: (data) => liveData.campaign.snapshot.safeParse(data).data,
  change: (present, data) => {
    const change = liveData.campaign.change.safeParse(data).data;
    if (change === undefined) return undefined;
    return change.kind === 'campaign' ? change.view : present;
  },
  ...(onSettled === undefined
    ? {}
    : {
        onChange: (data) => {
          const change = liveData.campaign.change.safeParse(data).data;
          if (change?.kind === 'attemptSettled') onSettled(change.attemptId);
        },
      }),
});

/** Oneself as an agent; null until the first log-in to the station. */
export const agentMeTopic: TopicReader<AgentLive | null> = {
  topic: 'agent:me',
  snapshot: (data) => liveData.agentMe.snapshot.safeParse(data).data,
  change: (_, data) => liveData.agentMe.change.safeParse(data).data?.view,
};
