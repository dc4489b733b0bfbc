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

/** The editor, of a file or a pack, at one of its detections. */
export function editPath(file?: string, id?: string): string {
  if (file === undefined) return '/detections/edit';
  const at = id === undefined ? '' : `&id=${encodeURIComponent(id)}`;
  return `/detections/edit?file=${encodeURIComponent(file)}${at}`;
}

interface NamedText {
  readonly name: string;
  readonly text: string;
}

/**
 * The file of that name. A place on a disk leads to the file of its last part; a pack to the one of
 * its files that declares the detection, or else to its first.
 */
export function fileNamed<File extends NamedText>(
  files: readonly File[],
  name: string,
  id: string,
): File | undefined {
  if (name === '') return undefined;
  const exact = files.find((file) => file.name === name);
  if (exact !== undefined) return exact;
  const pack = files.filter((file) => file.name.startsWith(`${name}/`));
  return (
    pack.find(({text}) => lineOf(text, id) !== undefined) ??
    pack[0] ??
    files.find((file) => name.endsWith(`/${file.name}`))
  );
}

/** The line, from 1 on, where a text declares a detection. */
export function lineOf(text: string, id: string): number | undefined {
  if (id === '') return undefined;
  const at = text.split('\n').findIndex((line) => {
    const [, , told] = /^\s*(?:- )?id:\s*(['"]?)([^\s'"#]+)\1\s*(?:#.*)?$/.exec(line) ?? [];
    return told === id;
  });
  return at < 0 ? undefined : at + 1;
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
