import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '@qianhu/switch';
import { ApiFailure, logIn, type Api } from './api.ts';

export type Person = { readonly userId: string; readonly login: string; readonly password: string };

type View = {
  readonly phase: string;
  readonly stationUp: boolean;
  readonly sinceMs: number;
  readonly call?: { readonly callId: string };
};

const LOOK_MS = 700;

/**
 * Agents as people at their desks: they look at their page, log in to the station when it says so, become ready, put a
 * result on each call after a moment, hang up some talks, and try again when the page does not answer. The returned
 * function ends their day (their stations stay as they are).
 */
export const seatPeople = (
  url: string,
  people: readonly Person[],
  random: Random,
  options: { readonly wrapUpMs: number; readonly hangsUp: number },
): { readonly leave: () => Promise<void> } => {
  let isOver = false;
  const days = people.map(async (person) => {
    let api: Api | undefined;
    /** The call this person decided about: hangs up at `atMs`, or never. */
    let decision: { readonly callId: string; readonly atMs: number } | undefined;
    const act = async (): Promise<void> => {
      api ??= await logIn(url, person.login, person.password);
      const { agent } = await api.get<{ agent?: View }>('/agent/me');
      // A phone that was lost with the switch is connected again the way it was at first.
      const isPhoneLost = agent?.phase === 'paused' && !agent.stationUp;
      if (agent === undefined || agent.phase === 'loggedOut' || isPhoneLost) await api.send('POST', '/agent/log-in');
      else if (agent.phase === 'paused') await api.send('POST', '/agent/ready');
      else if (agent.phase === 'talking' && agent.call !== undefined) {
        const { callId } = agent.call;
        if (decision?.callId !== callId)
          decision = {
            callId,
            atMs: random() < options.hangsUp ? Date.now() + 2_000 + random() * 8_000 : Number.POSITIVE_INFINITY,
          };
        if (Date.now() > decision.atMs) await api.send('POST', '/agent/hang-up');
      } else if (agent.phase === 'wrapUp' && agent.call !== undefined && Date.now() > agent.sinceMs + options.wrapUpMs)
        await api.send('POST', '/agent/dispose', { callId: agent.call.callId, code: 'success' });
    };
    while (!isOver) {
      try {
        await act();
      } catch (error) {
        // The server is away, or something changed between the look and the act: look again.
        if (error instanceof ApiFailure && error.status === 401) api = undefined;
      }
      await sleep(LOOK_MS * (0.7 + 0.6 * random()));
    }
  });
  return {
    leave: async () => {
      isOver = true;
      await Promise.all(days);
    },
  };
};
