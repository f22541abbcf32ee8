import { describe, expect, it } from 'vitest';
import {
  aptConfigText,
  mirrorsOf,
  nativeSources,
  parseMachineSources,
  parseOsRelease,
  sourceListText,
  statusFileText,
} from './apt-config.ts';

const PRINTED = [
  "'http://mirror.example/debian/dists/bookworm/InRelease' mirror_bookworm_InRelease 0 ",
  "'http://mirror.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' mirror_Packages 0 ",
  "'http://mirror.example/debian/dists/bookworm-updates/InRelease' x 0 ",
  "'http://security.example/debian-security/dists/bookworm-security/InRelease' x 0 ",
  "'https://other.example/node_20.x/dists/nodistro/InRelease' x 0 ",
].join('\n');

describe("the machine's sources", () => {
  const sources = parseMachineSources(PRINTED);

  it('are read from the addresses that apt would fetch', () => {
    expect(sources).toEqual([
      { uri: 'http://mirror.example/debian', suite: 'bookworm' },
      { uri: 'http://mirror.example/debian', suite: 'bookworm-updates' },
      { uri: 'http://security.example/debian-security', suite: 'bookworm-security' },
      { uri: 'https://other.example/node_20.x', suite: 'nodistro' },
    ]);
  });

  it('give the release itself with updates and security, but nothing of strangers', () => {
    expect(nativeSources(sources, 'bookworm').map(({ suite }) => suite)).toEqual([
      'bookworm',
      'bookworm-updates',
      'bookworm-security',
    ]);
  });

  it('give full mirrors only, each once', () => {
    expect(mirrorsOf(sources, 'bookworm')).toEqual(['http://mirror.example/debian']);
    expect(mirrorsOf([{ uri: 'http://m.example/debian', suite: 'stable' }], 'trixie')).toEqual([
      'http://m.example/debian',
    ]);
    expect(mirrorsOf([{ uri: 'http://m.example/debian-security', suite: 'bookworm/updates' }], 'bookworm')).toEqual([]);
  });
});

describe("the private apt's files", () => {
  it('name every folder that apt would otherwise take from the system', () => {
    const text = aptConfigText({
      state: '/p/state',
      cache: '/p/cache',
      sourceList: '/p/sources.list',
      architecture: 'amd64',
    });
    for (const setting of [
      'Dir::State "/p/state"',
      'Dir::State::status "/p/state/status"',
      'Dir::Cache "/p/cache"',
      'Dir::Etc::SourceList "/p/sources.list"',
      'Dir::Etc::SourceParts "/dev/null"',
    ])
      expect(text).toContain(`${setting};`);
    expect(text).toContain('#clear DPkg::Post-Invoke;');
    expect(text).not.toContain('Dir::Etc "');
  });

  it('verify with the keyring when there is one, and with the trusted keys otherwise', () => {
    const sources = [{ uri: 'http://m.example/debian', suite: 'testing' }];
    expect(sourceListText(sources, '/k.gpg')).toBe('deb [signed-by=/k.gpg] http://m.example/debian testing main\n');
    expect(sourceListText(sources, undefined)).toBe('deb http://m.example/debian testing main\n');
  });

  it('make left-out packages look installed, in a version newer than any', () => {
    expect(statusFileText([], 'amd64')).toBe('');
    expect(statusFileText(['adduser'], 'arm64')).toMatch(
      /^Package: adduser\nStatus: install ok installed\nVersion: 999:0\nArchitecture: arm64\n/,
    );
  });
});

describe('os-release', () => {
  it('is read with and without quotes', () => {
    expect(
      parseOsRelease('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n'),
    ).toEqual({ id: 'debian', codename: 'bookworm', idLike: [] });
    expect(parseOsRelease('ID="mint"\nID_LIKE="ubuntu debian"\n')).toEqual({
      id: 'mint',
      codename: '',
      idLike: ['ubuntu', 'debian'],
    });
  });
});
