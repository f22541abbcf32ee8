import type { AgentId, CampaignId, TrunkId } from '@qianhu/core';
import type { TrunkState } from '@qianhu/switch';
import type { AgentView, CampaignView, Engine, EngineStatus, LiveChange, TrunkTestResult } from '../port.ts';

/** A scripted engine for tests of what stands in front of it: it remembers commands and shows the views it is given. */
export type FakeEngine = Engine & {
  /** Commands in order, as `name:arguments`. */
  readonly commands: string[];
  /** The next command of this name throws. */
  failNext(command: string, error: Error): void;
  setAgent(view: AgentView): void;
  setCampaign(view: CampaignView): void;
  setTrunkState(id: TrunkId, state: TrunkState): void;
  setTestResult(result: TrunkTestResult): void;
  setStatus(status: EngineStatus): void;
  emit(change: LiveChange): void;
  /** Listeners that nobody removed. */
  readonly listeners: number;
};

const UP: EngineStatus = {
  role: 'owner',
  switch: { state: 'up', version: 'fake' },
  openCalls: 0,
  commitQueue: 0,
  ignoredEvents: {},
};

export const createFakeEngine = (): FakeEngine => {
  const commands: string[] = [];
  const failures = new Map<string, Error>();
  const agents = new Map<AgentId, AgentView>();
  const campaigns = new Map<CampaignId, CampaignView>();
  const trunkStates = new Map<TrunkId, TrunkState>();
  const listeners = new Set<(change: LiveChange) => void>();
  let status = UP;
  let testResult: TrunkTestResult = { outcome: 'answered', text: 'Answered.', advice: 'none', trace: [] };

  const did = (name: string, ...args: readonly unknown[]): Promise<void> => {
    const failure = failures.get(name);
    failures.delete(name);
    if (failure !== undefined) return Promise.reject(failure);
    commands.push([name, ...args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg)))].join(':'));
    return Promise.resolve();
  };
  const emit = (change: LiveChange): void => {
    for (const listener of [...listeners]) listener(change);
  };

  return {
    commands,
    get listeners() {
      return listeners.size;
    },
    failNext: (command, error) => failures.set(command, error),
    emit,
    setAgent: (view) => {
      agents.set(view.agentId, view);
      emit({ type: 'agent', view });
    },
    setCampaign: (view) => {
      campaigns.set(view.campaignId, view);
      emit({ type: 'campaign', view });
    },
    setTrunkState: (id, state) => trunkStates.set(id, state),
    setTestResult: (result) => {
      testResult = result;
    },
    setStatus: (next) => {
      status = next;
      emit({ type: 'status', status });
    },

    startCampaign: (id) => did('startCampaign', id),
    pauseCampaign: (id) => did('pauseCampaign', id),
    drainCampaign: (id) => did('drainCampaign', id),
    stopCampaign: (id) => did('stopCampaign', id),
    reloadCampaign: (id) => did('reloadCampaign', id),
    reloadTrunks: () => did('reloadTrunks'),
    reloadAgents: () => did('reloadAgents'),
    logInAgent: (id) => did('logInAgent', id),
    logOutAgent: (id) => did('logOutAgent', id),
    readyAgent: (id) => did('readyAgent', id),
    pauseAgent: (id, reason) => did('pauseAgent', id, reason),
    putAgentPhone: (id, account) => did('putAgentPhone', id, account?.username ?? 'none'),
    reloadAgentPhone: (id) => did('reloadAgentPhone', id),
    hangUpAgentCall: (id) => did('hangUpAgentCall', id),
    holdAgentCall: (id, held) => did('holdAgentCall', id, held),
    sendAgentDtmf: (id, digits) => did('sendAgentDtmf', id, digits),
    disposeCall: (id, disposal) => did('disposeCall', id, disposal),
    floor: () => ({ campaigns: [...campaigns.values()], agents: [...agents.values()] }),
    agent: (id) => agents.get(id),
    campaign: (id) => campaigns.get(id),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    status: () => status,
    trunkState: (id) => trunkStates.get(id),
    testTrunk: async (id, number) => {
      await did('testTrunk', id, number);
      return testResult;
    },
  };
};
