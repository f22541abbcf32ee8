import type { EndpointId, TrunkId } from '@qianhu/core';
import type { IncomingFrom } from '../port.ts';
import type { AriChannel } from './ari-events.ts';
import { agentAccount, trunkAccount } from './pjsip-objects.ts';
import type { Provisioning } from './provisioning.ts';

const TRUNK = trunkAccount('');
const AGENT = agentAccount('');

/** Who an incoming channel comes from: its account code says, also after our restart; else its endpoint's name. */
const fromOf = (channel: AriChannel, provisioning: Provisioning): IncomingFrom | undefined => {
  const { accountCode } = channel;
  if (accountCode.startsWith(TRUNK)) return { kind: 'trunk', trunkId: accountCode.slice(TRUNK.length) as TrunkId };
  if (accountCode.startsWith(AGENT))
    return { kind: 'endpoint', endpointId: accountCode.slice(AGENT.length) as EndpointId };
  // PJSIP/<endpoint>-<8 hexadecimal digits>
  const resource = channel.name.slice('PJSIP/'.length).replace(/-[0-9a-f]{8}$/, '');
  const trunk = provisioning.trunkByResource(resource);
  if (trunk) return { kind: 'trunk', trunkId: trunk.trunkId };
  const endpoint = provisioning.endpointByResource(resource);
  return endpoint && { kind: 'endpoint', endpointId: endpoint.endpointId };
};

/** What is told of an incoming call; the dialplan passes its context's name and the dialled extension. */
export const incomingOf = (
  channel: AriChannel,
  args: readonly string[],
  provisioning: Provisioning,
): { from: IncomingFrom; dialled: string; callerNumber?: string } | undefined => {
  const from = fromOf(channel, provisioning);
  if (!from) return undefined;
  const caller = channel.callerNumber;
  const isAnonymous = caller === '' || /^anonymous$/i.test(caller);
  return { from, dialled: args[1] ?? channel.exten, ...(isAnonymous ? {} : { callerNumber: caller }) };
};
