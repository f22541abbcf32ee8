import { describe, expect, it } from 'vitest';
import type { AsteriskSpec } from './asterisk-spec.ts';
import { asteriskConfigFiles, configuredModules } from './config-text.ts';

const spec: AsteriskSpec = {
  name: 'main',
  dir: '/h/asterisk-main',
  program: {
    source: 'private',
    version: '22.10.1',
    command: '/p/ld.so',
    args: [],
    env: {},
    modulesDir: '/p/modules',
    dataDir: '/p/share',
    sizeBytes: 1,
  },
  http: { address: '127.0.0.1', port: 8088 },
  ari: { username: 'qianhu', password: 'secret' },
  sip: {
    transports: [
      { kind: 'udp', name: 'udp', address: '127.0.0.1', port: 5060 },
      { kind: 'ws', name: 'ws' },
    ],
  },
  rtp: { firstPort: 40_000, lastPort: 40_999 },
  stasisApp: 'qianhu',
};

function sectionOf(text: string | undefined, name: string): readonly string[] {
  const sections = (text ?? '').split(/^(?=\[)/m);
  return sections.find((section) => section.startsWith(`[${name}]`))?.split('\n') ?? [];
}

describe("Asterisk's configuration", () => {
  const files = asteriskConfigFiles(spec);

  it('names every folder, in a section that is no template', () => {
    expect(files['asterisk.conf']).toMatch(/^\[directories\]$/m);
    expect(files['asterisk.conf']).not.toContain('(!)');
    for (const line of sectionOf(files['asterisk.conf'], 'directories').filter((text) => text.includes('=')))
      expect(line).toMatch(/=\/(h\/asterisk-main|p)\//);
  });

  it('identifies endpoints by name before address', () => {
    expect(sectionOf(files['pjsip.conf'], 'global')).toContain('endpoint_identifier_order=auth_username,username,ip');
  });

  it('lets endpoints, auths, aors, identifies and registrations live in memory', () => {
    for (const type of ['endpoint', 'auth', 'aor', 'contact'])
      expect(sectionOf(files['sorcery.conf'], 'res_pjsip')).toContain(`${type}=memory`);
    expect(sectionOf(files['sorcery.conf'], 'res_pjsip_endpoint_identifier_ip')).toContain('identify=memory');
    expect(sectionOf(files['sorcery.conf'], 'res_pjsip_outbound_registration')).toContain('registration=memory');
  });

  it('loads only what is listed, each once, and leaves out what a build does not have', () => {
    expect(files['modules.conf']).toContain('autoload=no');
    expect(new Set(configuredModules(spec)).size).toBe(configuredModules(spec).length);
    const without = asteriskConfigFiles(spec, new Set(['res_cdrel_custom']))['modules.conf'];
    expect(without).not.toContain('res_cdrel_custom');
    expect(without).toContain('load=cel_custom.so');
  });

  it('loads what ARI’s parts need before them', () => {
    const modules = configuredModules(spec);
    expect(modules.indexOf('res_stasis')).toBeLessThan(modules.indexOf('res_ari'));
    expect(modules.indexOf('res_pjsip')).toBeLessThan(modules.indexOf('chan_pjsip'));
  });

  it('tries Stasis again while the application is away, in both contexts', () => {
    for (const context of ['from-trunk', 'from-agent']) {
      const lines = sectionOf(files['extensions.conf'], context);
      expect(lines).toContain(` same => n(top),Stasis(qianhu,${context},\${EXTEN})`);
      expect(lines).toContain(' same => n,GotoIf($["${STASISSTATUS}"!="FAILED"]?end)');
    }
  });

  it('keeps a slow reader of events connected for seconds', () => {
    expect(files['ari.conf']).toContain('websocket_write_timeout=5000');
    expect(files['ari.conf']).toContain('password=secret');
    expect(files['manager.conf']).toContain('enabled=no');
  });

  it('writes no personal data into the channel event log', () => {
    expect(files['cel_custom.conf']).not.toMatch(/CALLERID|exten|appdata|userfield/i);
  });

  it('is the same text for the same spec', () => {
    expect(asteriskConfigFiles(structuredClone(spec))).toEqual(files);
  });

  it('says the outer address on every listener in network mode, and on none in local mode', () => {
    const network = {
      externalMediaAddress: '203.0.113.5',
      externalSignalingAddress: '203.0.113.5',
      localNetworks: ['10.0.0.0/8', '192.168.0.0/16'],
    };
    const tls = {
      kind: 'tls',
      name: 'tls',
      address: '0.0.0.0',
      port: 5061,
      certificateFile: '/c.pem',
      privateKeyFile: '/k.pem',
    } as const;
    const outside = asteriskConfigFiles({ ...spec, sip: { transports: [...spec.sip.transports, tls], network } })[
      'pjsip.conf'
    ];
    for (const name of ['udp', 'tls', 'ws']) {
      expect(sectionOf(outside, name)).toContain('external_media_address=203.0.113.5');
      expect(sectionOf(outside, name)).toContain('local_net=192.168.0.0/16');
    }
    expect(sectionOf(outside, 'tls')).toContain('method=tlsv1_2');
    expect(files['pjsip.conf']).not.toContain('external');
  });

  it('writes an IPv6 address with brackets', () => {
    const text = asteriskConfigFiles({
      ...spec,
      sip: { transports: [{ kind: 'udp', name: 'udp6', address: '::1', port: 5060 }] },
    })['pjsip.conf'];
    expect(sectionOf(text, 'udp6')).toContain('bind=[::1]:5060');
  });

  it('refuses a value that would end its line', () => {
    expect(() => asteriskConfigFiles({ ...spec, ari: { username: 'qianhu', password: 'a\nread_only=no' } })).toThrow(
      /line break or a semicolon/,
    );
    expect(() => asteriskConfigFiles({ ...spec, ari: { username: 'qianhu', password: 'a;b' } })).toThrow(
      /line break or a semicolon/,
    );
  });
});
