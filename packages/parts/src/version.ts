/**
 * Compares two version texts by their numbers, part after part: `22.10.1` is newer than `22.8`.
 * A Debian epoch (`1:`) and everything after the upstream numbers (`+dfsg…`, `-1`, `~rc1`) are ignored.
 * Negative when `a` is older, 0 when equal, positive when newer.
 */
export function compareVersions(a: string, b: string): number {
  const left = versionNumbers(a);
  const right = versionNumbers(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a version is this one or newer. */
export function isAtLeast(version: string, wanted: string): boolean {
  return compareVersions(version, wanted) >= 0;
}

/** The upstream numbers of a version, as text: `1:22.10.1+dfsg-1` is `22.10.1`. */
export function upstreamVersion(version: string): string {
  return versionNumbers(version).join('.');
}

function versionNumbers(version: string): readonly number[] {
  const upstream = version.replace(/^\d+:/, '');
  const match = /^\D*(\d+(?:\.\d+)*)/.exec(upstream);
  return match?.[1] === undefined ? [] : match[1].split('.').map(Number);
}
