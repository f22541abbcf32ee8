import { SwitchError, type Codec, type EndpointSpec, type TrunkSpec } from '../port.ts';

/**
 * What a trunk or an agent's phone is in PJSIP: sorcery objects to be pushed with `PUT /asterisk/config/dynamic`.
 * Pure; field names are those of Asterisk 22's configuration.
 */
export type PjsipObject = {
  readonly type: 'auth' | 'aor' | 'endpoint' | 'identify' | 'registration';
  readonly id: string;
  readonly fields: Readonly<Record<string, string>>;
};

/** `accountcode` of the channels, which is in every event: who a call comes from survives our restart there. */
export const trunkAccount = (trunkId: string): string => `trunk:${trunkId}`;
export const agentAccount = (endpointId: string): string => `agent:${endpointId}`;

const ID = /^[A-Za-z0-9._-]{1,80}$/;
const HOST = /^[A-Za-z0-9.\-:[\]_]{1,253}$/;
const TRUNK_PREFIX = 'trunk-';

const check = (isGood: boolean, what: string): void => {
  if (!isGood) throw new SwitchError('invalid', what);
};
const checkText = (text: string, what: string): void =>
  check(
    text.length > 0 && text.length < 256 && !/[\r\n"\\;<>\0]/.test(text),
    `${what} holds characters that SIP does not take.`,
  );

/** The trunk's name in PJSIP. Not a possible user name of an agent, which names that agent's endpoint. */
export const trunkResource = (trunkId: string): string => `${TRUNK_PREFIX}${trunkId}`;

const codecsOf = (codecs: readonly Codec[]): string => ['!all', ...codecs].join(',');

const DTMF: Readonly<Record<TrunkSpec['dtmf'], string>> = {
  rfc4733: 'rfc4733',
  inband: 'inband',
  info: 'info',
  // RFC 4733 where the far end offers it, in the voice otherwise.
  auto: 'auto',
};

const proxyUri = (proxy: string): string => {
  const uri = /^sips?:/.test(proxy) ? proxy : `sip:${proxy}`;
  check(/^sips?:[A-Za-z0-9.\-:[\]_;=]+$/.test(uri), 'The outbound proxy is not a SIP address.');
  return /;lr\b/.test(uri) ? uri : `${uri};lr`;
};

/** The host of a SIP address or of `host:port`. */
const hostOfUri = (uri: string): string =>
  uri
    .replace(/^sips?:/, '')
    .replace(/[;?].*$/, '')
    .replace(/:\d+$/, '');

const hostPort = (host: string, port: number): string => {
  check(HOST.test(host), "The trunk's host is not a host name or address.");
  check(Number.isInteger(port) && port > 0 && port < 65_536, "The trunk's port is not a port.");
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
};

/** Names of Asterisk's TLS transports: whether certificates are checked is a matter of the transport, not of the trunk. */
export type TlsTransports = { readonly verified: string; readonly unchecked: string };

/**
 * A carrier's objects, in the order to be pushed.
 * @param tls Absent: whichever TLS transport Asterisk has.
 * @throws SwitchError `invalid`.
 */
export const trunkObjects = (trunk: TrunkSpec, tls?: TlsTransports): readonly PjsipObject[] => {
  check(ID.test(trunk.trunkId), "The trunk's id is not one.");
  check(trunk.codecs.length > 0, 'A trunk needs a codec.');
  const id = trunkResource(trunk.trunkId);
  const target = hostPort(trunk.host, trunk.port);
  const suffix = trunk.transport === 'udp' ? '' : `;transport=${trunk.transport}`;
  const { auth } = trunk;
  const transport = trunk.transport === 'tls' && tls ? { transport: tls[trunk.certificate ?? 'verified'] } : {};
  const objects: PjsipObject[] = [];
  if (auth.kind !== 'ip') {
    checkText(auth.username, 'The user name');
    objects.push({
      type: 'auth',
      id,
      fields: { auth_type: 'userpass', username: auth.username, password: auth.password },
    });
  }
  objects.push({
    type: 'aor',
    id,
    fields: {
      contact: `sip:${target}${suffix}`,
      qualify_frequency: String(Math.max(0, Math.round(trunk.qualifySec))),
      qualify_timeout: '3.0',
      ...(trunk.outboundProxy === undefined ? {} : { outbound_proxy: proxyUri(trunk.outboundProxy) }),
    },
  });
  // The number shown goes into From unless another header carries it; then From is the account.
  const fromUser = trunk.fromUser ?? (auth.kind === 'ip' ? undefined : auth.username);
  if (trunk.fromUser !== undefined) checkText(trunk.fromUser, 'The From user');
  if (trunk.fromDomain !== undefined) check(HOST.test(trunk.fromDomain), 'The From domain is not one.');
  objects.push({
    type: 'endpoint',
    id,
    fields: {
      context: 'from-trunk',
      ...transport,
      accountcode: trunkAccount(trunk.trunkId),
      allow: codecsOf(trunk.codecs),
      aors: id,
      direct_media: 'no',
      // Said in both cases: a changed trunk keeps the fields that are not pushed.
      media_encryption: trunk.media === 'srtp' ? 'sdes' : 'no',
      rtp_symmetric: 'yes',
      force_rport: 'yes',
      rewrite_contact: 'yes',
      trust_id_inbound: 'yes',
      trust_id_outbound: 'yes',
      dtmf_mode: DTMF[trunk.dtmf],
      send_pai: trunk.callerIdIn === 'pAssertedIdentity' ? 'yes' : 'no',
      send_rpid: trunk.callerIdIn === 'remotePartyId' ? 'yes' : 'no',
      // Diversion is written per call, only where the trunk wants it.
      send_diversion: 'no',
      send_connected_line: 'no',
      // Carriers that stop sending RTP must not keep a line for ever; on hold they may be silent longer.
      rtp_timeout: '120',
      rtp_timeout_hold: '3600',
      ...(trunk.callerIdIn !== 'from' && fromUser !== undefined ? { from_user: fromUser } : {}),
      ...(trunk.fromDomain === undefined ? {} : { from_domain: trunk.fromDomain }),
      ...(auth.kind === 'ip' ? {} : { outbound_auth: id }),
      ...(trunk.outboundProxy === undefined ? {} : { outbound_proxy: proxyUri(trunk.outboundProxy) }),
    },
  });
  // Behind a proxy calls come from the proxy, and the carrier's own name need not be known to us.
  const near = trunk.outboundProxy === undefined ? trunk.host : hostOfUri(trunk.outboundProxy);
  const from = [near, ...(trunk.inboundFrom ?? [])];
  for (const host of from) check(/^[A-Za-z0-9.\-:[\]_/]{1,253}$/.test(host), 'An inbound address is not an address.');
  objects.push({ type: 'identify', id, fields: { endpoint: id, match: [...new Set(from)].join(',') } });
  if (auth.kind === 'registration') {
    const domain = trunk.fromDomain ?? trunk.host;
    objects.push({
      type: 'registration',
      id,
      fields: {
        ...transport,
        server_uri: `sip:${target}${suffix}`,
        client_uri: `sip:${encodeURIComponent(auth.username)}@${domain}`,
        contact_user: auth.username,
        outbound_auth: id,
        expiration: String(auth.expirySec ?? 300),
        retry_interval: '30',
        forbidden_retry_interval: '300',
        max_retries: '1000000',
        // Asterisk's own default waits up to 10 s with the first one.
        max_random_initial_delay: '0',
        auth_rejection_permanent: 'no',
        ...(trunk.outboundProxy === undefined ? {} : { outbound_proxy: proxyUri(trunk.outboundProxy) }),
      },
    });
  }
  return objects;
};

/** The name of the From user of a dial without a caller ID. */
export const defaultFromUser = (trunk: TrunkSpec): string | undefined =>
  trunk.fromUser ?? (trunk.auth.kind === 'ip' ? undefined : trunk.auth.username);

/**
 * An agent's objects. The endpoint and its address of record are named by the user name: a REGISTER is matched by it.
 * @throws SwitchError `invalid`.
 */
export const endpointObjects = (endpoint: EndpointSpec): readonly PjsipObject[] => {
  const { username: id, contact } = endpoint;
  check(ID.test(id) && !id.startsWith(TRUNK_PREFIX), "The endpoint's user name is not one.");
  check(
    contact === undefined || /^sips?:[^\s<>,"\r\n]+$/.test(contact),
    "The endpoint's address is not a SIP address.",
  );
  const isWebRtc = endpoint.kind === 'webrtc';
  const codecs = endpoint.codecs ?? (isWebRtc ? ['alaw', 'ulaw', 'opus'] : ['alaw', 'ulaw']);
  const qualify = { qualify_frequency: '15', qualify_timeout: '3.0' };
  return [
    ...(contact === undefined
      ? [{ type: 'auth', id, fields: { auth_type: 'userpass', username: id, password: endpoint.password } } as const]
      : []),
    {
      type: 'aor',
      id,
      fields:
        contact === undefined
          ? {
              max_contacts: '1',
              remove_existing: 'yes',
              remove_unavailable: 'yes',
              minimum_expiration: '10',
              // A restarted Asterisk has forgotten who registered: a phone should not stay away long. A browser notices by itself.
              ...(isWebRtc ? {} : { default_expiration: '120', maximum_expiration: '120' }),
              ...qualify,
            }
          : { contact, ...qualify },
    },
    {
      type: 'endpoint',
      id,
      fields: {
        context: 'from-agent',
        accountcode: agentAccount(endpoint.endpointId),
        allow: codecsOf(codecs),
        aors: id,
        direct_media: 'no',
        rtp_symmetric: 'yes',
        force_rport: 'yes',
        rewrite_contact: 'yes',
        trust_id_inbound: 'no',
        trust_id_outbound: 'yes',
        send_connected_line: 'no',
        dtmf_mode: isWebRtc ? 'rfc4733' : 'auto',
        ...(contact === undefined ? { auth: id } : {}),
        // Encryption, ICE, rtcp-mux and one bundle, as a browser demands; the certificate is made by Asterisk.
        // A browser sends sound all the time, muted or not: silence on the wire means that it is gone, and nothing else tells.
        ...(isWebRtc ? { webrtc: 'yes', dtls_auto_generate_cert: 'yes', rtp_timeout: '5' } : {}),
      },
    },
  ];
};
