import { describe, expect, it } from 'vitest';
import { aptError, parseArchiveName, parseCandidate, parseDownloadStatus, parseWantedFiles } from './apt-output.ts';

describe("apt's answers", () => {
  it('list the files to fetch with their sizes', () => {
    const text =
      "Reading package lists...\n'http://m/pool/a_1%3a2_amd64.deb' a_1%3a2_amd64.deb 1234 SHA256:ab\n'http://m/b.deb' b_2_all.deb 5 MD5Sum:cd\n";
    expect(parseWantedFiles(text)).toEqual([
      { name: 'a_1%3a2_amd64.deb', bytes: 1234 },
      { name: 'b_2_all.deb', bytes: 5 },
    ]);
  });

  it('give name and version by file name, with the epoch', () => {
    expect(parseArchiveName('asterisk_1%3a22.10.1-1_amd64.deb')).toEqual({ name: 'asterisk', version: '1:22.10.1-1' });
    expect(parseArchiveName('lock')).toBeUndefined();
  });

  it('give the share downloaded', () => {
    expect(parseDownloadStatus('dlstatus:3:14.5107:Retrieving file 3 of 3')).toBeCloseTo(0.145107);
    expect(parseDownloadStatus('pmstatus:x:10:y')).toBeUndefined();
  });

  it('give the candidate, or none', () => {
    expect(parseCandidate('asterisk:\n  Installed: (none)\n  Candidate: 1:22.10.1-1\n')).toBe('1:22.10.1-1');
    expect(parseCandidate('asterisk:\n  Installed: (none)\n  Candidate: (none)\n')).toBeUndefined();
    expect(parseCandidate('')).toBeUndefined();
  });
});

describe("apt's failures", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["W: Failed to fetch http://m/dists/x/InRelease  Could not resolve 'm'", 'networkDown', true],
    [
      'Err:1 http://m testing InRelease\n  Could not connect to m:80 (10.0.0.1). - connect (111: Connection refused)',
      'networkDown',
      true,
    ],
    [
      'W: GPG error: http://m testing InRelease: The following signatures were invalid: BADSIG 0E98404D386FA1D9',
      'badSignature',
      false,
    ],
    [
      "W: GPG error: ... the public key is not available: NO_PUBKEY 0E98404D386FA1D9\nE: The repository 'http://m testing InRelease' is not signed.",
      'badSignature',
      false,
    ],
    [
      "E: GPG error: http://m testing InRelease: Signed file isn't valid, got 'NODATA' (does the network require authentication?)",
      'badSignature',
      false,
    ],
    [
      "W: Download is performed unsandboxed as root as file '/p/x' couldn't be accessed by user '_apt'. - pkgAcquire::Run (13: Permission denied)\nE: something new",
      'toolFailed',
      false,
    ],
    ['E: Could not open lock file /p/lists/lock - open (13: Permission denied)', 'toolFailed', false],
    ["E: The repository 'http://m nosuch Release' does not have a Release file.", 'mirrorMissing', false],
    ['E: Failed to fetch http://m/a.deb  404  Not Found [IP: 10.0.0.1 80]', 'mirrorMissing', false],
    ["E: You don't have enough free space in /p/archives/.", 'diskFull', true],
    ['E: Write error - write (28: No space left on device)', 'diskFull', true],
    ['E: Unable to locate package asterisk', 'packageMissing', false],
    [
      'The following packages have unmet dependencies:\n asterisk : Depends: x\nE: Unable to correct problems, you have held broken packages.',
      'packageMissing',
      false,
    ],
    ['E: Failed to fetch http://m/Packages.xz  Hash Sum mismatch', 'mirrorMissing', true],
    ['E: something new', 'toolFailed', false],
  ];
  it.each(cases)('%s is told as %s', (output, code, retryable) => {
    const error = aptError(output, 'suite testing');
    expect(error.code).toBe(code);
    expect(error.retryable).toBe(retryable);
    expect(error.message).toContain('suite testing');
    expect(error.mend.length).toBeGreaterThan(10);
  });
});
