import type { AsteriskProgram } from './ensure-asterisk.ts';

/** A SIP listener. The `ws` transport has no port of its own: it is served by `http` under `/ws`. */
export type SipTransport =
  | { readonly kind: 'udp' | 'tcp'; readonly name: string; readonly address: string; readonly port: number }
  | {
      readonly kind: 'tls';
      readonly name: string;
      readonly address: string;
      readonly port: number;
      /** PEM files that the service's account can read. */
      readonly certificateFile: string;
      readonly privateKeyFile: string;
      /** Certificates to check carriers with; the peer is verified when given. */
      readonly authoritiesFile?: string;
    }
  | { readonly kind: 'ws'; readonly name: string };

/** How the instance is reached from outside: *network* mode. Absent in *local* mode. */
export type PublicNetwork = {
  /** The address that far ends send audio to, put into SDP for peers outside `localNetworks`. */
  readonly externalMediaAddress: string;
  readonly externalSignalingAddress: string;
  readonly externalSignalingPort?: number;
  /** CIDR ranges that are reached without the external address. */
  readonly localNetworks: readonly string[];
};

/** One Asterisk instance: its folder, its program and everything that its configuration says. */
export type AsteriskSpec = {
  /** Tells instances of one home apart: `main`, `lab`. */
  readonly name: string;
  /** The instance's own folder, reachable by the service's account. Made when missing. */
  readonly dir: string;
  readonly program: AsteriskProgram;
  /** The HTTP server with ARI, media sockets and SIP over WebSocket. Media sockets know no password: keep it on loopback. */
  readonly http: { readonly address: string; readonly port: number; readonly sessionLimit?: number };
  readonly ari: {
    readonly username: string;
    readonly password: string;
    /** How long a slow reader of events may block before it is cut off, ms; Asterisk's own 100 ms does not outlive a pause of Node. */
    readonly writeTimeoutMs?: number;
  };
  readonly sip: {
    readonly transports: readonly SipTransport[];
    readonly network?: PublicNetwork;
    /** The User-Agent header; `Qianhu` by default. */
    readonly userAgent?: string;
  };
  readonly rtp: {
    readonly firstPort: number;
    readonly lastPort: number;
    /** `host:port`; for ICE with browsers outside the local network. */
    readonly stunServer?: string;
    readonly turn?: { readonly server: string; readonly username: string; readonly password: string };
  };
  /** Where calls of trunks (context `from-trunk`) and agents (`from-agent`) go. Stasis arguments: `from-trunk|from-agent, dialled number`. */
  readonly stasisApp: string;
  /** Name of class to folder of its sound files. Without `default` an empty one is made. */
  readonly musicOnHold?: Readonly<Record<string, string>>;
  /** Modules to load beside the usual ones; the private copy has only those of `SPARE_MODULES` to spare. */
  readonly moreModules?: readonly string[];
  /** Text appended to configuration files, for what the lab or a test needs. */
  readonly append?: { readonly pjsip?: string; readonly extensions?: string };
};

/** The instance's files, by use. */
export type AsteriskPaths = {
  readonly etc: string;
  readonly asteriskConf: string;
  readonly log: string;
  readonly messagesLog: string;
  readonly processLog: string;
  /** Channel event log, see `parseCelLine`. Rotated ones are `….1`, `….2`, newest first. */
  readonly celFile: string;
  readonly run: string;
  readonly pidFile: string;
  /** ARI recordings are written here: `<recordings>/<name>.<format>`. */
  readonly recordings: string;
  readonly spool: string;
  readonly lib: string;
  readonly keys: string;
  readonly emptyMusic: string;
};

/** Where an instance of this folder keeps everything. */
export function asteriskPaths(dir: string): AsteriskPaths {
  return {
    etc: `${dir}/etc`,
    asteriskConf: `${dir}/etc/asterisk.conf`,
    log: `${dir}/log`,
    messagesLog: `${dir}/log/messages.log`,
    processLog: `${dir}/process.log`,
    celFile: `${dir}/log/cel-custom/cel.csv`,
    run: `${dir}/run`,
    pidFile: `${dir}/asterisk.pid`,
    recordings: `${dir}/spool/recording`,
    spool: `${dir}/spool`,
    lib: `${dir}/lib`,
    keys: `${dir}/lib/keys`,
    emptyMusic: `${dir}/lib/silence`,
  };
}
