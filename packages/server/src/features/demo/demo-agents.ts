import type { UserId } from '@qianhu/contracts';
import type { AgentId, CallId } from '@qianhu/core';
import type { AgentView, Engine } from '../../engine/port.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';

export type DemoAgentsDeps = {
  readonly engine: Pick<Engine, 'agent' | 'logInAgent' | 'readyAgent' | 'disposeCall' | 'subscribe'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
};

const RESULTS = ['success', 'notInterested', 'notInterested', 'notReached'] as const;
const RETRY_MS = 15_000;

/**
 * The hands of the simulated agents: their phones stand in the lab, and this logs them in, keeps them ready and puts a
 * result on each call after a few seconds of wrap-up, as people would.
 */
export const runDemoAgents = (agents: readonly UserId[], deps: DemoAgentsDeps): (() => void) => {
  const { engine, clock, log, random } = deps;
  const mine = new Set(agents.map((userId) => userId as string as AgentId));
  const timers = new Map<AgentId, () => void>();
  const disposed = new Set<CallId>();
  let isStopped = false;

  const later = (agentId: AgentId, ms: number, act: () => Promise<void>): void => {
    timers.get(agentId)?.();
    timers.set(
      agentId,
      clock.setTimer(ms, () => {
        timers.delete(agentId);
        if (isStopped) return;
        act().catch((error: unknown) => {
          log.debug({ err: error, agentId }, 'simulated agent could not act; tries again');
          later(agentId, RETRY_MS, () => look(agentId));
        });
      }),
    );
  };
  const look = async (agentId: AgentId): Promise<void> => {
    const view = engine.agent(agentId);
    if (view === undefined || view.phase === 'loggedOut') {
      await engine.logInAgent(agentId);
      later(agentId, RETRY_MS, () => look(agentId));
    } else if (view.phase === 'paused') await engine.readyAgent(agentId);
    else if (view.phase === 'wrapUp') wrapUp(view);
  };
  const wrapUp = (view: AgentView): void => {
    const callId = view.call?.callId;
    if (callId === undefined || disposed.has(callId)) return;
    disposed.add(callId);
    // The set only keeps one call from being disposed twice in the moments around its end.
    if (disposed.size > 1000) disposed.clear();
    later(view.agentId, 2000 + random() * 6000, async () => {
      const code = RESULTS[Math.floor(random() * RESULTS.length)] ?? 'success';
      await engine.disposeCall(view.agentId, { callId, code });
    });
  };
  const unsubscribe = engine.subscribe((change) => {
    if (change.type !== 'agent' || !mine.has(change.view.agentId) || isStopped) return;
    const { view } = change;
    if (view.phase === 'wrapUp') wrapUp(view);
    else if (view.phase === 'paused') later(view.agentId, 500, () => look(view.agentId));
    else if (view.phase === 'loggedOut') later(view.agentId, RETRY_MS, () => look(view.agentId));
  });
  for (const [index, agentId] of [...mine].entries()) later(agentId, 200 + index * 200, () => look(agentId));
  return () => {
    isStopped = true;
    unsubscribe();
    for (const cancel of timers.values()) cancel();
    timers.clear();
  };
};
