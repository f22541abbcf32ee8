import type { SwitchError } from '../port.ts';

/** The commands of the port, by name. */
export type CommandName =
  | 'originate'
  | 'answer'
  | 'hangUp'
  | 'sendDtmf'
  | 'hold'
  | 'unhold'
  | 'mute'
  | 'play'
  | 'stopPlay'
  | 'isPlaying'
  | 'createBridge'
  | 'destroyBridge'
  | 'addToBridge'
  | 'removeFromBridge'
  | 'startRecording'
  | 'stopRecording'
  | 'putEndpoint'
  | 'removeEndpoint'
  | 'putTrunk'
  | 'removeTrunk'
  | 'trunkState'
  | 'endpointState'
  | 'snapshot'
  | 'history'
  | 'sipTrace';

/** How a command goes wrong. */
export type CommandFault = {
  readonly code: SwitchError['code'];
  readonly retryable?: boolean;
  /** True: the switch did it all the same, only the answer is lost. */
  readonly done?: boolean;
  readonly message?: string;
};

/**
 * Faults of the connection between us and the exchange; may be changed at any time. Chances are 0–1 per event, drawn
 * from the exchange's seeded source; durations are milliseconds.
 */
export type SwitchFaults = {
  /** Each command's answer comes after this long (uniform between the two); 0 = at once. */
  readonly commandMs?: readonly [min: number, max: number];
  /** Each event comes after this long; order is kept. */
  readonly eventMs?: number;
  /** Chance that an event is told twice, the second time up to `lateMs` later. */
  readonly doubled?: number;
  /** Chance that an event comes up to `lateMs` late, so that others overtake it. */
  readonly late?: number;
  /** Default 500. */
  readonly lateMs?: number;
  /** Asked before each command; a fault makes it fail. `id` is the leg's, bridge's … first id. */
  readonly refuse?: (command: CommandName, id: string) => CommandFault | undefined;
};

export const NO_FAULTS: SwitchFaults = {};
