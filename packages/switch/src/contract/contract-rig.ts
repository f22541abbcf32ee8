import type { EndpointSpec, Switch, TrunkSpec } from '../port.ts';

/** One thing a far end does, `afterMs` after the one before it (the first: after the INVITE came). */
export type FarEndStep = { readonly afterMs: number } & FarEndAct;

export type FarEndAct =
  /** 180. */
  | { readonly do: 'ring' }
  /** 183 with media: from now on its voice is heard where early media goes. */
  | { readonly do: 'progress' }
  /** 200; from now on its voice is heard. */
  | { readonly do: 'answer' }
  | { readonly do: 'reject'; readonly sipStatus: number }
  /** BYE, or CANCEL of its own call before the answer. */
  | { readonly do: 'hangUp' }
  | { readonly do: 'press'; readonly digits: string };

/**
 * A telephone that the suite controls: a scripted SIP user agent against a real switch, a script in the virtual one.
 * While it is up it speaks with a voice of its own (a tone) which the others recognise.
 */
export interface FarEnd {
  /** What others hear of it in `hears`. Unique within a rig. */
  readonly voice: string;
  /** New INVITEs (not retransmissions) it has received so far. */
  invites(): number;
  state(): 'idle' | 'ringing' | 'up' | 'ended';
  /** Voices heard just now: of far ends, `music` (hold), `prompt` (the rig's sound file), `tone` (any of the port's tones). */
  hears(): Promise<readonly string[]>;
  /** All keys received so far. */
  digits(): string;
  /** Does something at once, outside its plan. */
  act(act: FarEndAct): Promise<void>;
  /** Final status it got for its own call, when it called and was refused. */
  refusedWith(): number | undefined;
  /** The user part of the From (or the header the trunk's `callerIdIn` names) of its last INVITE. */
  callerNumber(): string | undefined;
  /** A header of its last INVITE. */
  header(name: string): string | undefined;
}

/** A switch with controllable far ends around it. Everything is fresh for each test or at least undisturbed by others. */
export interface ContractRig {
  /** Connected. */
  readonly switch: Switch;
  /** A trunk whose carrier the rig plays, with OPTIONS checks on; the suite puts it. */
  readonly trunk: TrunkSpec;
  /** A trunk at whose address nobody replies, with OPTIONS checks on. */
  readonly deadTrunk: TrunkSpec;
  /** An agent's phone at a fixed contact, played by the rig; the suite puts it. It answers after 100 ms and stays. */
  readonly phone: EndpointSpec;
  readonly phoneFarEnd: FarEnd;
  /** An endpoint that registers (no contact) and has not. */
  readonly absentPhone: EndpointSpec;
  /** A sound of the voice `prompt` that lasts about a second (path without extension), and one that does not exist. */
  readonly sounds: { readonly prompt: string; readonly promptMs: number; readonly missing: string };
  /** Says what a number of the carrier does when called. */
  callee(number: string, plan: readonly FarEndStep[]): FarEnd;
  /** A call comes in through the trunk. */
  callIn(call: { readonly dialled: string; readonly callerNumber: string }): Promise<FarEnd>;
  /** Waits (or moves virtual time) until it holds; rejects with `what` after `limitMs` (default 10 s). */
  until(what: string, done: () => boolean | Promise<boolean>, limitMs?: number): Promise<void>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** The switch's present time, for `history`. */
  now(): number;
  /** Cuts the control connection until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Kills the switch and starts it again; resolves at once, the events tell the rest. */
  restart(): Promise<void>;
  /** Another client of the same switch and application, not connected; as a process that starts after ours. Closed by the rig. */
  secondClient(): Switch;
  /** Bytes of a finished recording's side, and the voices heard in it. */
  recorded(path: string): Promise<{ readonly bytes: number; readonly voices: readonly string[] }>;
  close(): Promise<void>;
}
