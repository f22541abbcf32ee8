/** One line of an apt source list, without its components. */
export type AptSource = { readonly uri: string; readonly suite: string };

/** The private folders and the keyring that one apt run works with. */
export type AptFolders = {
  /** Holds lists/, status, extended_states. */
  readonly state: string;
  /** Holds archives/ and archives/partial/. */
  readonly cache: string;
  readonly sourceList: string;
  /** The machine's own, as dpkg names it: `amd64`, `arm64`. */
  readonly architecture: string;
};

/**
 * The configuration that turns the machine's apt to private folders. It is given by `-c`, which apt reads after the machine's own
 * files (apt.conf(5)), so that the proxy, the credentials (Dir::Etc::netrc) and the methods of the machine keep working.
 * The machine's hooks are cleared: they would clean the system's own cache or refresh its software catalogue.
 */
export function aptConfigText(folders: AptFolders): string {
  const q = (value: string): string => `"${value}"`;
  return [
    ...[
      'APT::Update::Pre-Invoke',
      'APT::Update::Post-Invoke',
      'APT::Update::Post-Invoke-Success',
      'DPkg::Pre-Invoke',
      'DPkg::Post-Invoke',
      'DPkg::Pre-Install-Pkgs',
    ].map((hook) => `#clear ${hook};`),
    // Foreign architectures of the machine would only double the lists.
    '#clear APT::Architectures;',
    `APT::Architectures:: ${q(folders.architecture)};`,
    `Dir::State ${q(folders.state)};`,
    `Dir::State::Lists ${q(`${folders.state}/lists/`)};`,
    `Dir::State::status ${q(`${folders.state}/status`)};`,
    `Dir::State::extended_states ${q(`${folders.state}/extended_states`)};`,
    `Dir::Cache ${q(folders.cache)};`,
    `Dir::Cache::archives ${q(`${folders.cache}/archives/`)};`,
    // Some images switch these off to stay small; without them each of our calls reads 70 MB of lists anew.
    'Dir::Cache::pkgcache "pkgcache.bin";',
    'Dir::Cache::srcpkgcache "srcpkgcache.bin";',
    `Dir::Etc::SourceList ${q(folders.sourceList)};`,
    'Dir::Etc::SourceParts "/dev/null";',
    // A pin made for the machine's own packages must not choose ours.
    'Dir::Etc::Preferences "/dev/null";',
    'Dir::Etc::PreferencesParts "/dev/null";',
    // Our own lock file guards these folders; apt's locks in the system's folders would need root.
    'Debug::NoLocking "1";',
    'APT::Update::Error-Mode "any";',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    'Acquire::http::Timeout "30";',
    'Acquire::https::Timeout "30";',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
    '',
  ].join('\n');
}

/** The source list of these sources. Without a keyring apt falls back to the machine's trusted keys. */
export function sourceListText(sources: readonly AptSource[], keyring: string | undefined): string {
  const options = keyring === undefined ? '' : `[signed-by=${keyring}] `;
  return sources.map(({ uri, suite }) => `deb ${options}${uri} ${suite} main\n`).join('');
}

/**
 * The sources of the machine itself, from `apt-get update --print-uris`, which works before any `apt-get update` was ever run.
 * Each repository has one line with the address of its InRelease file: `'…/dists/SUITE/InRelease' name size`.
 */
export function parseMachineSources(printedUris: string): readonly AptSource[] {
  const found = new Map<string, AptSource>();
  for (const line of printedUris.split('\n')) {
    const match = /^'([^']+)\/dists\/([^']+)\/InRelease'/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const source = { uri: match[1], suite: match[2] };
    found.set(`${source.uri} ${source.suite}`, source);
  }
  return [...found.values()];
}

/** Whether a suite belongs to the machine's own release, by its code name or as `stable` or `oldstable`. */
function isNativeSuite(suite: string, codename: string): boolean {
  const base = suite.replace(/(-updates|-security|-proposed-updates|\/updates)$/, '');
  return base === codename || base === 'stable' || base === 'oldstable';
}

function isSecurity({ uri, suite }: AptSource): boolean {
  return /security/.test(uri) || /-security$|\/updates$/.test(suite);
}

/** The machine's sources that carry its own release (bookworm, bookworm-updates, bookworm-security). */
export function nativeSources(sources: readonly AptSource[], codename: string): readonly AptSource[] {
  return sources.filter(({ suite }) => isNativeSuite(suite, codename));
}

/** The full mirrors among the machine's sources, best first: those that carry its own release, never the security archive. */
export function mirrorsOf(sources: readonly AptSource[], codename: string): readonly string[] {
  return [
    ...new Set(
      nativeSources(sources, codename)
        .filter((source) => !isSecurity(source))
        .map(({ uri }) => uri),
    ),
  ];
}

/** ID and VERSION_CODENAME of os-release(5). */
export function parseOsRelease(text: string): {
  readonly id: string;
  readonly codename: string;
  readonly idLike: readonly string[];
} {
  const value = (key: string): string => new RegExp(`^${key}=["']?([^"'\\n]*)["']?$`, 'm').exec(text)?.[1] ?? '';
  return { id: value('ID'), codename: value('VERSION_CODENAME'), idLike: value('ID_LIKE').split(' ').filter(Boolean) };
}

/**
 * The status file of a machine on which nothing is installed but these packages, in a version newer than any. apt then resolves every
 * dependency itself and passes over what we do not need at run time (with all that it would have brought along).
 */
export function statusFileText(leaveOut: readonly string[], architecture: string): string {
  return leaveOut
    .map(
      (name) =>
        `Package: ${name}\nStatus: install ok installed\nVersion: 999:0\nArchitecture: ${architecture}\nMaintainer: none\nDescription: left out on purpose\n\n`,
    )
    .join('');
}
