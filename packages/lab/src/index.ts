export type { RecordedCall, RecordLine } from './call-record.ts';
export { PEOPLE, VOICES, type Character, type CharacterKind, type Voice } from './character.ts';
export type { LabStats } from './control-server.ts';
export { labClient, type LabClient } from './lab-client.ts';
export { labConfigSchema, type LabConfig, type LabConfigInput, type LabReady } from './lab-config.ts';
export { launchLab, stopLab, type LaunchOptions } from './launch-lab.ts';
export { planOf, type PlanStep, type SoundLengths } from './plan.ts';
export { characterOf, DEFAULT_POPULATION, type Population } from './population.ts';
export {
  runSipp,
  SIPP_SCENARIOS,
  type RunningSipp,
  type SippOptions,
  type SippResult,
  type SippScenario,
} from './sipp.ts';
export { castCall, ruleMatches, ruleSchema, type Rule, type RuleInput } from './rules.ts';
