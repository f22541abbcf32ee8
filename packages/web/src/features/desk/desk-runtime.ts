import { agentRoutes, type AgentCall, type AgentLive, type User } from '@qianhu/contracts';
import type { TopicView } from '../../api/live.ts';
import { agentMeTopic } from '../../api/topics.ts';
import { derive } from '../../lib/store.ts';
import { serverTime } from '../../lib/server-time.ts';
import type { Services } from '../../services.ts';
import { JsSipSoftphone } from '../../softphone/jssip-softphone.ts';
import { Microphone } from '../../softphone/microphone.ts';
import type { Softphone } from '../../softphone/port.ts';
import { webTabLock } from '../../softphone/tab-lock.ts';
import { DeskModel, type DeskApi } from './desk-model.ts';
import { sessionDraftStore } from './draft-store.ts';

/** The desk of this tab: lives from its first visit to the end of the session, whatever page is shown. */
export type DeskRuntime = {
  readonly model: DeskModel;
  readonly phone: Softphone;
  /** Tells the model what the present call's codes mean, once its pop-up is loaded. */
  setDispositions(dispositions: AgentCall['dispositions']): void;
};

const runtimes = new WeakMap<Services, DeskRuntime>();

const deskApi = ({ api }: Services): DeskApi => ({
  async credentials() {
    const minted = await api.call(agentRoutes.mintSoftphone, {});
    return {
      user: minted.username,
      secret: minted.password,
      domain: minted.uri.replace(/^sips?:[^@]*@/, ''),
      wsPath: minted.wsPath,
      iceServers: minted.iceServers.map((server) => ({ ...server, urls: [...server.urls] })),
    };
  },
  logIn: async () => void (await api.call(agentRoutes.logInStation, {})),
  logOut: async () => void (await api.call(agentRoutes.logOutStation, {})),
  ready: async () => void (await api.call(agentRoutes.ready, {})),
  pause: async (reason) => void (await api.call(agentRoutes.pause, { body: { reason } })),
  hangUp: async () => void (await api.call(agentRoutes.hangUp, {})),
  hold: async (held) => void (await api.call(agentRoutes.hold, { body: { held } })),
  sendDtmf: async (digits) => void (await api.call(agentRoutes.dtmf, { body: { digits } })),
  dispose: async (disposal) => void (await api.call(agentRoutes.dispose, { body: disposal })),
});

/** An agent who never logged in to a station is one who is logged out. */
const asLoggedOut = (user: User): AgentLive => ({
  agentId: user.userId as unknown as AgentLive['agentId'],
  name: user.displayName,
  phase: 'loggedOut',
  sinceMs: serverTime.now(),
  stationUp: false,
  demo: user.isDemo,
});

/** The desk, made at the first call. */
export const deskOf = (services: Services, user: User): DeskRuntime => {
  const present = runtimes.get(services);
  if (present !== undefined) return present;
  const audio = new Audio();
  audio.autoplay = true;
  const phone = new JsSipSoftphone({
    audio,
    // Absent on an insecure page, whatever the type says.
    microphone: new Microphone(navigator.mediaDevices as MediaDevices | undefined),
    lock: webTabLock(navigator.locks as LockManager | undefined),
    origin: window.location.origin,
    now: () => Date.now(),
  });
  const lease = services.live.lease(agentMeTopic);
  const loggedOut = asLoggedOut(user);
  const view = derive(lease.view, (topic): TopicView<AgentLive> =>
    topic.kind === 'live' || topic.kind === 'stale' ? { kind: topic.kind, data: topic.data ?? loggedOut } : topic,
  );
  let dispositions: AgentCall['dispositions'] = [];
  const model = new DeskModel({
    api: deskApi(services),
    view,
    phone,
    station: user.station,
    drafts: sessionDraftStore(sessionStorage),
    clock: services.clock,
    needsCallbackTime: (code) => dispositions.some((item) => item.code === code && item.then === 'callback'),
  });
  const runtime: DeskRuntime = {
    model,
    phone,
    setDispositions: (next) => {
      dispositions = next;
    },
  };
  runtimes.set(services, runtime);
  services.onSessionEnd.add(() => {
    runtimes.delete(services);
    model.close();
    phone.stop();
    lease.release();
  });
  return runtime;
};
