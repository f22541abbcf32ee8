import type { AgentId } from '@qianhu/core';
import type { EngineWorld } from '../engine-world.ts';
import type { AgentStep, CallStep } from '../kernel.ts';
import { tellsOfPerson } from './answer-book.ts';
import { eventOfAgent, eventsOfCall } from './pacing-events.ts';

/** Tells the campaign's pacer, and the model of who answers, what a step of a call shows. Before the call's extras go. */
export const observeCall = (world: EngineWorld, step: CallStep): void => {
  const { before, after } = step;
  if (before.kind === after.kind && after.kind !== 'ending') return;
  const campaign = world.campaigns.get(after.campaignId);
  if (campaign === undefined) return;
  for (const event of eventsOfCall(step, campaign.context.graceMs)) campaign.pace.observe(event);
  if (before.kind !== 'dialing' || after.kind === 'dialing') return;
  const odds = world.extras.get(after.callId)?.lead.odds;
  if (odds === undefined) return;
  if (after.kind === 'waiting') world.answers.learn(campaign.context.isDemo, odds.facts, true);
  else if ((after.kind === 'ended' || after.kind === 'ending') && tellsOfPerson(after.outcome))
    world.answers.learn(campaign.context.isDemo, odds.facts, false);
};

/** Tells the pacer of the agent's last call that wrap-up is over. */
export const observeAgent = (world: EngineWorld, id: AgentId, step: AgentStep): void => {
  const event = eventOfAgent(id, step);
  const campaignId = event === undefined ? undefined : world.lastCalls.get(id)?.campaignId;
  if (event !== undefined && campaignId !== undefined) world.campaigns.get(campaignId)?.pace.observe(event);
};
