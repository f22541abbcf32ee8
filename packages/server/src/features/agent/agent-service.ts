import { randomBytes } from 'node:crypto';
import type { AgentCall, AgentLive, AgentMe, HouseSettings, PhoneAccount } from '@qianhu/contracts';
import type { AgentId, CallId } from '@qianhu/core';
import { phoneUsername } from '../../engine/agent-row.ts';
import type { AgentView, Engine } from '../../engine/port.ts';
import { AppError } from '../../errors.ts';
import { maskNumber, numbersAreMaskedFor, personOf, type Viewer } from '../../http/viewer.ts';
import type { Clock } from '../../platform/clock.ts';
import { makePassword } from '../../platform/legible-password.ts';
import type { SecretBox } from '../../platform/secret-box.ts';
import type { AgentStore } from './agent-store.ts';

export type AgentDeps = {
  readonly store: AgentStore;
  readonly engine: Pick<
    Engine,
    | 'agent'
    | 'logInAgent'
    | 'logOutAgent'
    | 'readyAgent'
    | 'pauseAgent'
    | 'hangUpAgentCall'
    | 'holdAgentCall'
    | 'sendAgentDtmf'
    | 'disposeCall'
    | 'putAgentPhone'
    | 'reloadAgentPhone'
  >;
  readonly settings: () => Promise<HouseSettings>;
  readonly clock: Clock;
  /** STUN and TURN servers for the browser; none on one machine. */
  readonly iceServers: readonly {
    readonly urls: readonly string[];
    readonly username?: string;
    readonly credential?: string;
  }[];
  readonly secrets: Pick<SecretBox, 'seal'>;
  /** Where SIP phones register, `host:port`. */
  readonly sipServer: string;
};

export type DisposeInput = {
  readonly callId: CallId;
  readonly code: string;
  readonly note?: string;
  readonly callbackAtMs?: number;
};

/** The agent's own page: state, commands, the lead on the line, the browser's phone. */
export interface AgentService {
  me(viewer: Viewer): Promise<AgentMe>;
  call(viewer: Viewer): Promise<AgentCall>;
  logIn(viewer: Viewer): Promise<AgentLive>;
  logOut(viewer: Viewer): Promise<AgentLive>;
  logOutAgent(agentId: AgentId): Promise<void>;
  ready(viewer: Viewer): Promise<AgentLive>;
  pause(viewer: Viewer, reason: string): Promise<AgentLive>;
  hangUp(viewer: Viewer): Promise<AgentLive>;
  hold(viewer: Viewer, held: boolean): Promise<AgentLive>;
  dtmf(viewer: Viewer, digits: string): Promise<AgentLive>;
  dispose(viewer: Viewer, input: DisposeInput): Promise<AgentLive>;
  mintSoftphone(viewer: Viewer): Promise<{
    readonly uri: string;
    readonly username: string;
    readonly password: string;
    readonly wsPath: string;
    readonly iceServers: AgentDeps['iceServers'];
  }>;
  /** Makes a new password for a person's SIP phone; the one of before stops working. */
  mintPhoneAccount(viewer: Viewer, agentId: AgentId): Promise<PhoneAccount>;
  /** The SIP account minted for this session, for the `/sip` guard. */
  accountOf(viewer: Viewer): string | undefined;
  /** A session ended: the browser's phone of that session stops working. */
  sessionEnded(sessionKey: string): Promise<void>;
}

const DAY_MS = 86_400_000;

export const createAgentService = ({
  store,
  engine,
  settings,
  clock,
  iceServers,
  secrets,
  sipServer,
}: AgentDeps): AgentService => {
  // Invariant: an agent has one account at the switch; it belongs to the session that minted last.
  const accounts = new Map<AgentId, { readonly sessionKey: string; readonly username: string }>();
  const idOf = (viewer: Viewer): AgentId => personOf(viewer) as string as AgentId;
  const loggedOut = (viewer: Viewer): AgentView => ({
    agentId: idOf(viewer),
    name: viewer.name,
    phase: 'loggedOut',
    sinceMs: clock.now(),
    stationUp: false,
    demo: false,
  });
  const after = async (viewer: Viewer, command: Promise<void>): Promise<AgentLive> => {
    await command;
    return engine.agent(idOf(viewer)) ?? loggedOut(viewer);
  };

  return {
    async me(viewer) {
      const agentId = idOf(viewer);
      const agent = engine.agent(agentId);
      const { pauseReasons } = await settings();
      // Midnight of the server's machine would surprise nobody in the room; without its zone here, the last 24 hours serve.
      const today = await store.day(agentId, new Date(clock.now() - DAY_MS));
      return { ...(agent === undefined ? {} : { agent }), pauseReasons, today };
    },

    async call(viewer) {
      const call = engine.agent(idOf(viewer))?.call;
      const found = call?.attemptId === undefined ? undefined : await store.call(call.attemptId);
      if (call === undefined || found === undefined) throw new AppError('notFound', 'There is no call.');
      const isMasked = numbersAreMaskedFor(viewer, (await settings()).maskNumbersForAgents);
      return isMasked && found.number !== undefined ? { ...found, number: maskNumber(found.number) } : found;
    },

    logIn: (viewer) => after(viewer, engine.logInAgent(idOf(viewer))),
    logOut: (viewer) => after(viewer, engine.logOutAgent(idOf(viewer))),
    logOutAgent: (agentId) => engine.logOutAgent(agentId),
    ready: (viewer) => after(viewer, engine.readyAgent(idOf(viewer))),
    pause: (viewer, reason) => after(viewer, engine.pauseAgent(idOf(viewer), reason)),
    hangUp: (viewer) => after(viewer, engine.hangUpAgentCall(idOf(viewer))),
    hold: (viewer, held) => after(viewer, engine.holdAgentCall(idOf(viewer), held)),
    dtmf: (viewer, digits) => after(viewer, engine.sendAgentDtmf(idOf(viewer), digits)),
    dispose: (viewer, input) => after(viewer, engine.disposeCall(idOf(viewer), input)),

    async mintSoftphone(viewer) {
      const agentId = idOf(viewer);
      if (viewer.sessionKey === undefined) throw new AppError('forbidden', 'This is for people who are logged in.');
      // The switch finds the endpoint by this name (packages/server/src/engine: agentEndpoint).
      const username = `agent-${agentId}`;
      const password = randomBytes(24).toString('base64url');
      await engine.putAgentPhone(agentId, { username, password });
      accounts.set(agentId, { sessionKey: viewer.sessionKey, username });
      return { uri: `sip:${username}@qianhu.invalid`, username, password, wsPath: '/sip', iceServers };
    },

    async mintPhoneAccount(viewer, agentId) {
      if (viewer.role !== 'administrator' && (viewer.userId as string | undefined) !== agentId)
        throw new AppError('forbidden', 'This is another person’s phone.');
      const password = makePassword();
      if (!(await store.setPhoneSecret(agentId, secrets.seal(password))))
        throw new AppError(
          'conflict',
          'This person’s phone is not a SIP phone that registers: change the station first.',
        );
      await engine.reloadAgentPhone(agentId);
      return { username: phoneUsername(agentId), password, server: sipServer, transport: 'udp' };
    },

    accountOf(viewer) {
      const account = viewer.userId === undefined ? undefined : accounts.get(viewer.userId as string as AgentId);
      return account?.sessionKey === viewer.sessionKey ? account?.username : undefined;
    },

    async sessionEnded(sessionKey) {
      for (const [agentId, account] of accounts) {
        if (account.sessionKey !== sessionKey) continue;
        accounts.delete(agentId);
        await engine.putAgentPhone(agentId, undefined);
      }
    },
  };
};
