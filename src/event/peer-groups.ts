/** A declared peer group: principals whose name matches belong together. */
export interface PeerGroup {
  readonly peer: string;
  /** Glob over the whole principal: "*" is any run of characters, "?" is any one. */
  readonly match: string;
}

/** The first declared group that the principal belongs to, if any. */
export function declaredPeer(groups: readonly PeerGroup[], principal: string): string | undefined {
  return groups.find(({match}) => globMatches(match, principal))?.peer;
}

/** Case-sensitive; takes at most pattern × text steps, whatever the pattern. */
export function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      // Let the last star swallow one character more.
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
