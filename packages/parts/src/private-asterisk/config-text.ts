import { PartsError } from '../parts-error.ts';
import { asteriskPaths } from './asterisk-spec.ts';
import type { AsteriskSpec, SipTransport } from './asterisk-spec.ts';
import { CEL_TEMPLATE } from './cel.ts';
import { ASTERISK_MODULES } from './modules.ts';

type Option = readonly [name: string, value: string | number];

/** One `[section]`. What would end its line or its header early, and so write a setting nobody asked for, is refused. */
function section(name: string, options: readonly Option[]): string {
  if (!/^[\w.@-]+$/.test(name))
    throw new PartsError({
      code: 'configRefused',
      what: `"${name}" cannot name a section`,
      mend: 'Use letters, digits, dots, dashes and underscores.',
    });
  const lines = options.map(([key, value]) => {
    const text = String(value);
    if (/[\r\n;]/.test(text)) {
      throw new PartsError({
        code: 'configRefused',
        what: `The setting ${key} of [${name}] holds a line break or a semicolon`,
        mend: 'Take it out of the value.',
      });
    }
    return `${key}=${text}`;
  });
  return [`[${name}]`, ...lines, ''].join('\n');
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function transportText(transport: SipTransport, spec: AsteriskSpec): string {
  const { network } = spec.sip;
  const external: Option[] =
    network === undefined || transport.kind === 'ws'
      ? []
      : [
          ['external_media_address', network.externalMediaAddress],
          ['external_signaling_address', network.externalSignalingAddress],
          ...(network.externalSignalingPort === undefined
            ? []
            : [['external_signaling_port', network.externalSignalingPort] as const]),
          ...network.localNetworks.map((range): Option => ['local_net', range]),
        ];
  switch (transport.kind) {
    case 'ws':
      return section(transport.name, [
        ['type', 'transport'],
        ['protocol', 'ws'],
        ['bind', hostPort(spec.http.address, spec.http.port)],
        // Agents' audio goes straight to their browsers, so their SDP needs the outer address as well.
        ...(network === undefined
          ? []
          : ([
              ['external_media_address', network.externalMediaAddress],
              ...network.localNetworks.map((range): Option => ['local_net', range]),
            ] as const)),
      ]);
    case 'udp':
    case 'tcp':
      return section(transport.name, [
        ['type', 'transport'],
        ['protocol', transport.kind],
        ['bind', hostPort(transport.address, transport.port)],
        ...external,
      ]);
    case 'tls':
      return section(transport.name, [
        ['type', 'transport'],
        ['protocol', 'tls'],
        ['bind', hostPort(transport.address, transport.port)],
        ['cert_file', transport.certificateFile],
        ['priv_key_file', transport.privateKeyFile],
        ['method', 'tlsv1_2'],
        ...(transport.authoritiesFile === undefined
          ? []
          : ([
              ['ca_list_file', transport.authoritiesFile],
              ['verify_server', 'yes'],
            ] as const)),
        ...external,
      ]);
  }
}

function pjsipText(spec: AsteriskSpec): string {
  return [
    section('global', [
      ['type', 'global'],
      ['user_agent', spec.sip.userAgent ?? 'Qianhu'],
      // With ip before username a trunk identified by 127.0.0.1 would swallow the browsers' REGISTER.
      ['endpoint_identifier_order', 'auth_username,username,ip'],
      ['keep_alive_interval', 30],
      ['debug', 'no'],
    ]),
    section('system', [
      ['type', 'system'],
      // RFC 3261 18.1.1 would move large requests to TCP, where a UDP-only carrier never answers.
      ['disable_tcp_switch', 'yes'],
    ]),
    ...spec.sip.transports.map((transport) => transportText(transport, spec)),
    spec.append?.pjsip ?? '',
  ].join('\n');
}

/** Objects pushed over ARI live in memory and are pushed again after a restart; those of a file may stand beside them. */
function sorceryText(): string {
  const both = (types: readonly string[]): Option[] =>
    types.flatMap((type): Option[] => [
      [type, `config,pjsip.conf,criteria=type=${type}`],
      [type, 'memory'],
    ]);
  return [
    section('res_pjsip', [...both(['endpoint', 'auth', 'aor', 'domain_alias']), ['contact', 'memory']]),
    section('res_pjsip_endpoint_identifier_ip', both(['identify'])),
    section('res_pjsip_outbound_registration', both(['registration'])),
  ].join('\n');
}

function extensionsText(spec: AsteriskSpec): string {
  const extension = (pattern: string, context: string): string =>
    [
      // While our application is away Stasis refuses new calls at once and the call would be lost: try again each second, for as long as
      // the caller stays.
      `exten => ${pattern},1,NoOp()`,
      ` same => n(top),Stasis(${spec.stasisApp},${context},\${EXTEN})`,
      ' same => n,GotoIf($["${STASISSTATUS}"!="FAILED"]?end)',
      ' same => n,Wait(1)',
      ' same => n,Goto(top)',
      ' same => n(end),Hangup()',
    ].join('\n');
  // "!" matches none or more further characters; "s" takes calls without a number.
  // "h" runs after each hang-up: without one of its own the pattern would take the dead call in again, as a call to "h". It must end
  // there: its next step would be the pattern's second.
  const context = (name: string): string =>
    [`[${name}]`, extension('_[+*#0-9a-zA-Z]!', name), extension('s', name), 'exten => h,1,Hangup()', ''].join('\n');
  return [
    section('general', [
      ['static', 'yes'],
      ['writeprotect', 'yes'],
      ['autofallthrough', 'yes'],
    ]),
    context('from-trunk'),
    context('from-agent'),
    spec.append?.extensions ?? '',
  ].join('\n');
}

/** The modules that an instance is told to load, in order. */
export function configuredModules(spec: Pick<AsteriskSpec, 'moreModules'>): readonly string[] {
  return [...new Set([...ASTERISK_MODULES, ...(spec.moreModules ?? [])])];
}

function modulesText(spec: AsteriskSpec, absent: ReadonlySet<string>): string {
  const names = configuredModules(spec).filter((name) => !absent.has(name));
  return ['[modules]', 'autoload=no', ...names.map((name) => `load=${name}.so`), ''].join('\n');
}

function asteriskText(spec: AsteriskSpec): string {
  const paths = asteriskPaths(spec.dir);
  return [
    // Not "[directories](!)": that would make it a template, and every folder the system's.
    section('directories', [
      ['astetcdir', paths.etc],
      ['astmoddir', spec.program.modulesDir],
      ['astvarlibdir', paths.lib],
      ['astdbdir', paths.lib],
      ['astkeydir', paths.lib],
      ['astdatadir', spec.program.dataDir],
      ['astagidir', `${paths.lib}/agi-bin`],
      ['astspooldir', paths.spool],
      ['astrundir', paths.run],
      ['astlogdir', paths.log],
      ['astcachedir', `${paths.lib}/cache`],
      ['astsbindir', paths.lib],
    ]),
    section('options', [
      ['systemname', spec.name],
      ['hideconnect', 'yes'],
      ['documentation_language', 'en_US'],
      ['defaultlanguage', 'en'],
      // With it off, ARI and AMI cannot run shell commands through dialplan functions.
      ['live_dangerously', 'no'],
    ]),
  ].join('\n');
}

function rtpText({ rtp }: AsteriskSpec): string {
  return section('general', [
    ['rtpstart', rtp.firstPort],
    ['rtpend', rtp.lastPort],
    ['strictrtp', 'yes'],
    ['icesupport', 'yes'],
    ...(rtp.stunServer === undefined ? [] : ([['stunaddr', rtp.stunServer]] as const)),
    ...(rtp.turn === undefined
      ? []
      : ([
          ['turnaddr', rtp.turn.server],
          ['turnusername', rtp.turn.username],
          ['turnpassword', rtp.turn.password],
        ] as const)),
  ]);
}

function musicText(spec: AsteriskSpec): string {
  const classes = { default: asteriskPaths(spec.dir).emptyMusic, ...spec.musicOnHold };
  return Object.entries(classes)
    .map(([name, directory]) =>
      section(name, [
        ['mode', 'files'],
        ['directory', directory],
        ['sort', 'alpha'],
      ]),
    )
    .join('\n');
}

/** Tones of mainland China: 450 Hz; ringing 1 s in 5, busy 0.35 s (GB/T 3380, as carriers play them). */
function indicationsText(): string {
  return [
    section('general', [['country', 'cn']]),
    section('cn', [
      ['description', 'China'],
      ['ringcadence', '1000,4000'],
      ['dial', '450'],
      ['busy', '450/350,0/350'],
      ['ring', '450/1000,0/4000'],
      ['congestion', '450/700,0/700'],
      ['callwaiting', '450/400,0/4000'],
      ['dialrecall', '450'],
      ['record', '950/400,0/10000'],
      ['info', '450/100,0/100,450/100,0/100,450/100,0/100,450/400,0/400'],
      ['stutter', '450+425'],
    ]),
  ].join('\n');
}

/**
 * Every configuration file of an instance: name to text. Pure; the same spec gives the same text.
 * Modules in `absent` are left out.
 */
export function asteriskConfigFiles(
  spec: AsteriskSpec,
  absent: ReadonlySet<string> = new Set(),
): Readonly<Record<string, string>> {
  const off = section('general', [['enabled', 'no']]);
  return {
    'asterisk.conf': asteriskText(spec),
    'modules.conf': modulesText(spec, absent),
    'logger.conf':
      section('general', [
        ['dateformat', '%F %T.%3q'],
        ['queue_log', 'no'],
        ['rotatestrategy', 'none'],
      ]) + section('logfiles', [['messages.log', 'notice,warning,error']]),
    'http.conf': section('general', [
      ['enabled', 'yes'],
      ['bindaddr', spec.http.address],
      ['bindport', spec.http.port],
      ['sessionlimit', spec.http.sessionLimit ?? 2000],
      ['session_inactivity', 30000],
      ['session_keep_alive', 15000],
      ['enablestatic', 'no'],
      ['enable_status', 'no'],
    ]),
    'ari.conf':
      section('general', [
        ['enabled', 'yes'],
        ['pretty', 'no'],
        ['websocket_write_timeout', spec.ari.writeTimeoutMs ?? 5000],
      ]) +
      section(spec.ari.username, [
        ['type', 'user'],
        ['read_only', 'no'],
        ['password', spec.ari.password],
        ['password_format', 'plain'],
      ]),
    'pjsip.conf': pjsipText(spec),
    'sorcery.conf': sorceryText(),
    'extensions.conf': extensionsText(spec),
    'rtp.conf': rtpText(spec),
    'musiconhold.conf': musicText(spec),
    'indications.conf': indicationsText(),
    'cel.conf': section('general', [
      ['enable', 'yes'],
      ['events', 'CHAN_START,CHAN_END,ANSWER,HANGUP,BRIDGE_ENTER,BRIDGE_EXIT'],
    ]),
    'cel_custom.conf': `[mappings]\ncel.csv => ${CEL_TEMPLATE}\n`,
    'cdr.conf': section('general', [['enable', 'no']]),
    'manager.conf': off,
    // Files that their modules want to see, empty or not.
    'chan_websocket.conf': '[general]\n',
    'websocket_client.conf': '[general]\n',
    'features.conf': '[general]\n',
    'ccss.conf': '[general]\n',
    'udptl.conf': section('general', [
      ['udptlstart', 4000],
      ['udptlend', 4999],
    ]),
    'stasis.conf': '[threadpool]\n',
    'acl.conf': '',
    'amd.conf': '[general]\n',
    'codecs.conf': '',
    'pjproject.conf': section('log_mappings', [
      ['type', 'log_mappings'],
      ['asterisk_error', '0,1'],
      ['asterisk_warning', '2'],
    ]),
  };
}
