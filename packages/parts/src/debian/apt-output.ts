import { PartsError } from '../parts-error.ts';

/** One package file that apt would download. */
export type WantedFile = { readonly name: string; readonly bytes: number };

/** Reads `apt-get install --print-uris`: lines of `'URI' file-name bytes HASH`. Files that are already here are not listed. */
export function parseWantedFiles(text: string): readonly WantedFile[] {
  const files: WantedFile[] = [];
  for (const line of text.split('\n')) {
    const match = /^'[^']+' (\S+\.deb) (\d+)/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) files.push({ name: match[1], bytes: Number(match[2]) });
  }
  return files;
}

/** Package and version of a file name in apt's cache: `asterisk_1%3a22.10.1_amd64.deb`. */
export function parseArchiveName(fileName: string): { readonly name: string; readonly version: string } | undefined {
  const match = /^([^_]+)_([^_]+)_[^_]+\.deb$/.exec(fileName);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { name: match[1], version: decodeURIComponent(match[2]) };
}

/** The share done (0 to 1) in a line of apt's status stream, `dlstatus:ITEM:PERCENT:TEXT`. */
export function parseDownloadStatus(line: string): number | undefined {
  const match = /^dlstatus:\d+:([\d.]+):/.exec(line);
  return match?.[1] === undefined ? undefined : Math.min(1, Number(match[1]) / 100);
}

/** The candidate's version in `apt-cache policy PACKAGE`, undefined when the suite has no such package. */
export function parseCandidate(policy: string): string | undefined {
  const version = /^\s*Candidate: (\S+)/m.exec(policy)?.[1];
  return version === undefined || version === '(none)' ? undefined : version;
}

/** Turns apt's own words (in the C locale) into an error that says what to do. */
export function aptError(told: string, where: string): PartsError {
  // As root, apt drops its own sandbox where its user may not enter the folder, says so as "Permission denied", and goes on.
  const output = told.replaceAll(/^.*Download is performed unsandboxed as root.*$/gm, '');
  const tail = output
    .split('\n')
    .filter((line) =>
      /^\s*[EW]:|^Err:|NO_PUBKEY| : (Pre-)?Depends:|no installation candidate|Unable to locate/.test(line),
    )
    .slice(-12)
    .join('\n');
  const shown = { where, output: tail === '' ? output.slice(-1500) : tail };
  if (
    /NO_PUBKEY|GPG error|Signed file isn't valid|BADSIG|EXPKEYSIG|REVKEYSIG|is not signed|signatures? (were|was) invalid|couldn't be verified|Sub-process \/usr\/bin\/(gpgv|sqv|apt-key)/i.test(
      output,
    )
  ) {
    return new PartsError({
      code: 'badSignature',
      what: "The archive's signature could not be verified with this machine's Debian keyring",
      mend: 'See that no login page stands between this machine and the mirror, update the keyring (apt-get install debian-archive-keyring), or point apt to another mirror.',
      ...shown,
    });
  }
  if (/No space left on device|don't have enough free space|not enough (free )?space/i.test(output)) {
    return new PartsError({
      code: 'diskFull',
      what: 'The disk is full',
      mend: 'Free some space, or choose another folder with QIANHU_PARTS.',
      retryable: true,
      ...shown,
    });
  }
  if (
    /Could not resolve|Temporary failure resolving|Could not connect|Unable to connect|Cannot initiate the connection|Connection (timed out|refused|failed)|Network is unreachable|Proxy|407 /i.test(
      output,
    )
  ) {
    return new PartsError({
      code: 'networkDown',
      what: 'The Debian mirror could not be reached',
      mend: "Check the network and apt's proxy (apt-get update shows the same), then run it again; what was downloaded is kept.",
      retryable: true,
      ...shown,
    });
  }
  if (/does not have a Release file|404\s+Not Found|no longer has a Release file|403\s+Forbidden/i.test(output)) {
    return new PartsError({
      code: 'mirrorMissing',
      what: "This machine's Debian mirror does not carry the suite",
      mend: 'Point apt to a full Debian mirror that carries it, or install the program yourself so that it is found in PATH.',
      ...shown,
    });
  }
  if (
    /Unable to locate package|has no installation candidate|unmet dependencies|Unable to correct problems/i.test(output)
  ) {
    return new PartsError({
      code: 'packageMissing',
      what: 'The suite cannot provide the package',
      mend: 'Install the program yourself so that it is found in PATH, or point apt to a full Debian mirror.',
      ...shown,
    });
  }
  if (/Hash Sum mismatch|File has unexpected size|Mirror sync in progress/i.test(output)) {
    return new PartsError({
      code: 'mirrorMissing',
      what: 'The mirror is being updated just now',
      mend: 'Run it again in some minutes.',
      retryable: true,
      ...shown,
    });
  }
  if (/Permission denied/i.test(output)) {
    return new PartsError({
      code: 'toolFailed',
      what: 'apt may not write its private folder',
      mend: 'Let the account that runs this write the folder, or choose another with QIANHU_PARTS.',
      ...shown,
    });
  }
  return new PartsError({
    code: 'toolFailed',
    what: 'apt failed',
    mend: 'Read its output, mend it, and run it again.',
    ...shown,
  });
}
