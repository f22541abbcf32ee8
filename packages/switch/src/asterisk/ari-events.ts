/**
 * The events of ARI that we use, validated by hand and cut down to the fields we read (rest-api/api-docs/events.json of
 * Asterisk 22). Everything else is filtered in Asterisk (`ARI_EVENT_TYPES` is also the event filter) or ignored here.
 */

/** The event types we ask for; the body of `PUT /applications/{app}/eventFilter`. */
export const ARI_EVENT_TYPES = [
  'StasisStart',
  'StasisEnd',
  'Dial',
  'ChannelStateChange',
  'ChannelHangupRequest',
  'ChannelDestroyed',
  'ChannelDtmfReceived',
  'ChannelEnteredBridge',
  'ChannelLeftBridge',
  'PlaybackFinished',
  'RecordingStarted',
  'RecordingFinished',
  'RecordingFailed',
  'ContactStatusChange',
  'PeerStatusChange',
  'EndpointStateChange',
  'ApplicationReplaced',
] as const;

/** Asterisk's channel states as ARI writes them. */
export type AriChannelState =
  | 'Down'
  | 'Rsrvd'
  | 'OffHook'
  | 'Dialing'
  | 'Ring'
  | 'Ringing'
  | 'Up'
  | 'Busy'
  | 'Dialing Offhook'
  | 'Pre-ring'
  | 'Unknown';

/** What we read of a channel. */
export type AriChannel = {
  readonly id: string;
  readonly name: string;
  readonly state: AriChannelState;
  readonly accountCode: string;
  readonly callerNumber: string;
  readonly exten: string;
  readonly context: string;
  readonly appName: string;
  readonly appData: string;
  readonly createdAtMs: number;
};

export type AriBridge = { readonly id: string; readonly type: string; readonly channelIds: readonly string[] };

type At = { readonly atMs: number };

export type AriEvent =
  | (At & { readonly type: 'StasisStart'; readonly channel: AriChannel; readonly args: readonly string[] })
  | (At & { readonly type: 'StasisEnd'; readonly channel: AriChannel })
  /** `status` is empty when the dial begins. There is no final Dial event of a dial that failed. */
  | (At & { readonly type: 'Dial'; readonly channel: AriChannel; readonly status: string })
  | (At & { readonly type: 'ChannelStateChange'; readonly channel: AriChannel })
  /** `soft` true: this side asked (a command, a time-out); otherwise the far end did. */
  | (At & {
      readonly type: 'ChannelHangupRequest';
      readonly channel: AriChannel;
      readonly soft: boolean;
      readonly cause?: number;
      readonly techCause?: number;
    })
  | (At & {
      readonly type: 'ChannelDestroyed';
      readonly channel: AriChannel;
      readonly cause: number;
      readonly causeText: string;
      readonly techCause?: number;
    })
  | (At & {
      readonly type: 'ChannelDtmfReceived';
      readonly channel: AriChannel;
      readonly digit: string;
      readonly durationMs: number;
    })
  | (At & { readonly type: 'ChannelEnteredBridge'; readonly channel: AriChannel; readonly bridge: AriBridge })
  | (At & { readonly type: 'ChannelLeftBridge'; readonly channel: AriChannel; readonly bridge: AriBridge })
  | (At & { readonly type: 'PlaybackFinished'; readonly playbackId: string; readonly state: string })
  | (At & { readonly type: 'RecordingStarted'; readonly name: string })
  | (At & { readonly type: 'RecordingFinished'; readonly name: string })
  | (At & { readonly type: 'RecordingFailed'; readonly name: string; readonly cause: string })
  | (At & {
      readonly type: 'ContactStatusChange';
      readonly endpoint: string;
      readonly uri: string;
      readonly status: string;
      readonly rttMs?: number;
    })
  | (At & { readonly type: 'PeerStatusChange'; readonly endpoint: string; readonly status: string })
  | (At & { readonly type: 'EndpointStateChange'; readonly endpoint: string; readonly state: string })
  | { readonly type: 'ApplicationReplaced' };

type Json = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const listOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** Epoch milliseconds of ARI's `2026-11-22T15:23:53.075+0000`; NaN when it is not one. */
export const parseAriTime = (text: string): number =>
  // The zone comes without a colon, which ISO 8601 allows and Date.parse need not.
  Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));

/** A channel from its JSON, or undefined when it has no id. */
export const parseChannel = (value: unknown): AriChannel | undefined => {
  if (!isObject(value) || typeof value['id'] !== 'string') return undefined;
  const dialplan = isObject(value['dialplan']) ? value['dialplan'] : {};
  const caller = isObject(value['caller']) ? value['caller'] : {};
  return {
    id: value['id'],
    name: textOf(value['name']),
    state: textOf(value['state']) as AriChannelState,
    accountCode: textOf(value['accountcode']),
    callerNumber: textOf(caller['number']),
    exten: textOf(dialplan['exten']),
    context: textOf(dialplan['context']),
    appName: textOf(dialplan['app_name']),
    appData: textOf(dialplan['app_data']),
    createdAtMs: parseAriTime(textOf(value['creationtime'])),
  };
};

/** A bridge from its JSON, or undefined when it has no id. */
export const parseBridge = (value: unknown): AriBridge | undefined => {
  if (!isObject(value) || typeof value['id'] !== 'string') return undefined;
  return { id: value['id'], type: textOf(value['bridge_type']), channelIds: listOf(value['channels']) };
};

const endpointName = (value: unknown): string => (isObject(value) ? textOf(value['resource']) : '');

/**
 * An event from its JSON. `undefined`: not one of ours, or not what its type promises (the caller counts it).
 * `receivedAtMs` stands in where the switch's own time cannot be read.
 */
export const parseEvent = (json: Json, receivedAtMs: number): AriEvent | undefined => {
  const type = json['type'];
  if (type === 'ApplicationReplaced') return { type };
  const stamp = parseAriTime(textOf(json['timestamp']));
  const atMs = Number.isNaN(stamp) ? receivedAtMs : stamp;
  switch (type) {
    case 'StasisStart': {
      const channel = parseChannel(json['channel']);
      return channel && { type, atMs, channel, args: listOf(json['args']) };
    }
    case 'StasisEnd':
    case 'ChannelStateChange': {
      const channel = parseChannel(json['channel']);
      return channel && { type, atMs, channel };
    }
    case 'Dial': {
      const channel = parseChannel(json['peer']);
      return channel && { type, atMs, channel, status: textOf(json['dialstatus']) };
    }
    case 'ChannelHangupRequest': {
      const channel = parseChannel(json['channel']);
      const cause = numberOf(json['cause']);
      const techCause = numberOf(json['tech_cause']);
      return (
        channel && {
          type,
          atMs,
          channel,
          soft: json['soft'] === true,
          ...(cause === undefined ? {} : { cause }),
          ...(techCause === undefined ? {} : { techCause }),
        }
      );
    }
    case 'ChannelDestroyed': {
      const channel = parseChannel(json['channel']);
      const techCause = numberOf(json['tech_cause']);
      return (
        channel && {
          type,
          atMs,
          channel,
          cause: numberOf(json['cause']) ?? 0,
          causeText: textOf(json['cause_txt']),
          ...(techCause === undefined ? {} : { techCause }),
        }
      );
    }
    case 'ChannelDtmfReceived': {
      const channel = parseChannel(json['channel']);
      const digit = textOf(json['digit']);
      if (!channel || digit === '') return undefined;
      return { type, atMs, channel, digit, durationMs: numberOf(json['duration_ms']) ?? 0 };
    }
    case 'ChannelEnteredBridge':
    case 'ChannelLeftBridge': {
      const channel = parseChannel(json['channel']);
      const bridge = parseBridge(json['bridge']);
      return channel && bridge && { type, atMs, channel, bridge };
    }
    case 'PlaybackFinished': {
      const playback = json['playback'];
      if (!isObject(playback) || typeof playback['id'] !== 'string') return undefined;
      return { type, atMs, playbackId: playback['id'], state: textOf(playback['state']) };
    }
    case 'RecordingStarted':
    case 'RecordingFinished':
    case 'RecordingFailed': {
      const recording = json['recording'];
      if (!isObject(recording) || typeof recording['name'] !== 'string') return undefined;
      const name = recording['name'];
      return type === 'RecordingFailed'
        ? { type, atMs, name, cause: textOf(recording['cause']) }
        : { type, atMs, name };
    }
    case 'ContactStatusChange': {
      const info = json['contact_info'];
      if (!isObject(info)) return undefined;
      const rttUs = Number(info['roundtrip_usec']);
      return {
        type,
        atMs,
        endpoint: endpointName(json['endpoint']),
        uri: textOf(info['uri']),
        status: textOf(info['contact_status']),
        ...(Number.isFinite(rttUs) && rttUs > 0 ? { rttMs: rttUs / 1000 } : {}),
      };
    }
    case 'PeerStatusChange': {
      const peer = json['peer'];
      return {
        type,
        atMs,
        endpoint: endpointName(json['endpoint']),
        status: isObject(peer) ? textOf(peer['peer_status']) : '',
      };
    }
    case 'EndpointStateChange': {
      const endpoint = json['endpoint'];
      return {
        type,
        atMs,
        endpoint: endpointName(endpoint),
        state: isObject(endpoint) ? textOf(endpoint['state']) : '',
      };
    }
    default:
      return undefined;
  }
};
