import type { AgentLive } from '@qianhu/contracts';

export type AgentView = AgentLive;
export type AgentPhase = AgentLive['phase'];
