import {createHash} from 'node:crypto';
import {readFile, realpath, stat} from 'node:fs/promises';
import {extname, join, sep} from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

export interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  /** Its name holds a hash of its contents. */
  readonly immutable: boolean;
}

/**
 * The files of the web application. Only plain names inside the folder are served: no dots at the
 * beginning, no links that lead out. Files are read once; a changed one is read again.
 */
export class WebFiles {
  readonly #root: string;
  readonly #cache = new Map<string, {readonly changed: number; readonly file: StaticFile}>();

  constructor(root: string) {
    this.#root = root;
  }

  /** @param path of the URL, still encoded, beginning with "/". Undefined: no such file. */
  async file(path: string): Promise<StaticFile | undefined> {
    const names = decode(path)?.split('/').slice(1);
    if (names === undefined || names.some((name) => !/^[\w~@-][\w.~@-]*$/.test(name))) {
      return undefined;
    }
    const place = join(this.#root, ...names);
    try {
      const [root, real] = await Promise.all([realpath(this.#root), realpath(place)]);
      if (!real.startsWith(root + sep)) return undefined;
      const {mtimeMs, size} = await stat(real);
      const known = this.#cache.get(real);
      if (known?.changed === mtimeMs && known.file.bytes.length === size) return known.file;
      const bytes = new Uint8Array(await readFile(real));
      const file: StaticFile = {
        bytes,
        type: TYPES[extname(real)] ?? 'application/octet-stream',
        etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
        immutable: /[.-][\w-]{8,}\.\w+$/.test(real) && names[0] === 'assets',
      };
      this.#cache.set(real, {changed: mtimeMs, file});
      return file;
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
      throw error;
    }
  }
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
