/** Branded identifiers: all are opaque text at run time, never mixed at compile time. */
type Brand<Name extends string> = string & { readonly __brand: Name };

/** One conversation from first leg to last hang-up. UUIDv7 text. */
export type CallId = Brand<'CallId'>;
/** One party's connection. For an outbound dial it equals the dial's id; it is also the channel's id at the switch. */
export type LegId = Brand<'LegId'>;
/** A meeting place of legs at the switch. */
export type BridgeId = Brand<'BridgeId'>;
/** One try to reach one lead. */
export type AttemptId = Brand<'AttemptId'>;
/** One INVITE on one trunk for an attempt. Its text is the leg's id at the switch. */
export type DialId = Brand<'DialId'>;
/** A carrier connection. */
export type TrunkId = Brand<'TrunkId'>;
/** A SIP account that registers with us or is reached at a fixed address (an agent's phone). */
export type EndpointId = Brand<'EndpointId'>;
/** A person who takes calls; equals the user's id. */
export type AgentId = Brand<'AgentId'>;
/** Dialing settings, lists and who answers. */
export type CampaignId = Brand<'CampaignId'>;
/** A set of leads that came together. */
export type ListId = Brand<'ListId'>;
/** One dialable row. Decimal text of a bigint. */
export type LeadId = Brand<'LeadId'>;
/** One recording (both channels). */
export type RecordingId = Brand<'RecordingId'>;
/** One playback of one or more sounds. */
export type PlaybackId = Brand<'PlaybackId'>;
/** Epoch milliseconds. */
export type EpochMs = number;
/** E.164 text with the plus sign, for example `+8613800138000`. */
export type PhoneNumber = Brand<'PhoneNumber'>;
