/** Ids may hold dots, which would make the path look like that of a file. */
export function detectionPath(id: string): string {
  return `/detections/${encodeURIComponent(id).replaceAll('.', '%2E')}`;
}

export function matchPath(id: number): string {
  return `/matches/${id}`;
}

export function eventPath(eventId: string): string {
  return `/events/${encodeURIComponent(eventId).replaceAll('.', '%2E')}`;
}

export function editPath(file?: string): string {
  return file === undefined
    ? '/detections/edit'
    : `/detections/edit?file=${encodeURIComponent(file)}`;
}

/** Of the web and encrypted, or undefined: what a file says is only followed there. */
export function safeLink(address: string): string | undefined {
  try {
    const url = new URL(address);
    return url.protocol === 'https:' && url.username === '' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** The page of an ATT&CK technique, such as "T1078.004"; undefined for what is none. */
export function techniqueLink(id: string): string | undefined {
  const [, technique, part] = /^(T\d{4})(?:\.(\d{3}))?$/.exec(id) ?? [];
  if (technique === undefined) return undefined;
  return `https://attack.mitre.org/techniques/${technique}/${part === undefined ? '' : `${part}/`}`;
}
