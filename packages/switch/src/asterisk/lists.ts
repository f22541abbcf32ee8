import type { BridgeId, EpochMs, LegId } from '@qianhu/core';
import type { AliveLeg, SwitchSnapshot } from '../port.ts';
import type { AriClient } from './ari-client.ts';
import { ARI_EVENT_TYPES, parseBridge, parseChannel, type AriBridge, type AriChannel } from './ari-events.ts';
import { bridgeOfHold, isHoldBridge, isOurLeg, phaseOfChannel, type LegRecord } from './legs.ts';
import { parseSnoopId } from './recordings.ts';

/** What Asterisk says is alive. */
export type SwitchLists = {
  readonly incarnation: string;
  readonly version: string;
  readonly channels: readonly AriChannel[];
  readonly bridges: readonly AriBridge[];
};

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;
const listOf = <T>(body: unknown, parse: (item: unknown) => T | undefined): T[] =>
  Array.isArray(body) ? body.map(parse).filter(isPresent) : [];

const text = (body: unknown, ...keys: readonly string[]): string => {
  let value: unknown = body;
  for (const key of keys) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  return typeof value === 'string' ? value : '';
};

/** @throws SwitchError when the connection is lost meanwhile. */
export const listAll = async (ari: AriClient): Promise<SwitchLists> => {
  const [info, channels, bridges] = await Promise.all([
    ari.request({ method: 'GET', path: 'asterisk/info' }),
    ari.request({ method: 'GET', path: 'channels' }),
    ari.request({ method: 'GET', path: 'bridges' }),
  ]);
  return {
    // Its start time, in milliseconds: another run has another.
    incarnation: text(info.body, 'status', 'startup_time'),
    version: text(info.body, 'system', 'version'),
    channels: listOf(channels.body, parseChannel),
    bridges: listOf(bridges.body, parseBridge),
  };
};

/** After connecting: asks for our events only, then lists. The filter goes when the application does, so it is set anew. */
export const takeUp = async (ari: AriClient, app: string): Promise<SwitchLists> => {
  await ari.request({
    method: 'PUT',
    path: `applications/${encodeURIComponent(app)}/eventFilter`,
    // Asterisk's filter looks at everything it writes to the socket: without `RESTResponse` it swallows the answers too.
    body: { allowed: [...ARI_EVENT_TYPES, 'RESTResponse'].map((type) => ({ type })) },
  });
  return listAll(ari);
};

/** The port's view of the lists. `recordOf` knows of early media, which Asterisk's lists do not show. */
export const snapshotOf = (
  lists: SwitchLists,
  app: string,
  takenAtMs: EpochMs,
  recordOf: (legId: LegId) => LegRecord | undefined,
): SwitchSnapshot => {
  const bridgeOf = new Map<string, BridgeId>();
  const members = new Map<BridgeId, LegId[]>();
  const legChannels = lists.channels.filter((channel) => isOurLeg(channel, app));
  const isLeg = new Set(legChannels.map((channel) => channel.id));
  for (const bridge of lists.bridges) {
    const bridgeId = isHoldBridge(bridge.id) ? bridgeOfHold(bridge.id) : (bridge.id as BridgeId);
    if (bridgeId === undefined) continue;
    const legIds = members.get(bridgeId) ?? [];
    if (!isHoldBridge(bridge.id) || bridge.channelIds.length > 0) members.set(bridgeId, legIds);
    for (const channelId of bridge.channelIds) {
      if (!isLeg.has(channelId)) continue;
      bridgeOf.set(channelId, bridgeId);
      legIds.push(channelId as LegId);
    }
  }
  const legs = legChannels.map((channel): AliveLeg => {
    const legId = channel.id as LegId;
    const phase = phaseOfChannel(channel);
    const bridgeId = bridgeOf.get(channel.id);
    return {
      legId,
      phase: phase !== 'up' && recordOf(legId)?.phase === 'early' ? 'early' : phase,
      createdAtMs: channel.createdAtMs,
      ...(bridgeId === undefined ? {} : { bridgeId }),
    };
  });
  return {
    takenAtMs,
    incarnation: lists.incarnation,
    legs,
    bridges: [...members].map(([bridgeId, legIds]) => ({ bridgeId, legIds })),
    recordings: [
      ...new Set(
        lists.channels
          .filter((channel) => channel.name.startsWith('Snoop/'))
          .map((channel) => parseSnoopId(channel.id)?.recordingId)
          .filter(isPresent),
      ),
    ],
  };
};
