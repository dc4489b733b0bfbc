import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, relative} from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {listTrail, readDecompressed, readFilePieces, WHOLE_FILE_BYTES} from './files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'));
});
afterEach(() => rmSync(folder, {recursive: true}));

function put(path: string, content: string | Uint8Array = '{}'): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), {recursive: true});
  writeFileSync(whole, content);
  return whole;
}

async function names(...paths: string[]): Promise<string[]> {
  const {files} = await listTrail(paths);
  return files.map(({path}) => relative(folder, path));
}

const log = (account: string, region: string, time: string) =>
  `${account}/${region}/${account}_CloudTrail_${region}_202601${time}Z_abcdef.json.gz`;

test('lists by time of delivery over accounts and regions, then by name', async () => {
  const wanted = [
    log('222', 'us-east-1', '04T2355'),
    log('111', 'eu-west-1', '05T0800'),
    log('222', 'us-east-1', '05T0800'),
    log('111', 'eu-west-1', '05T0805'),
    log('111', 'ap-south-1', '05T0810'),
  ];
  for (const name of [...wanted].reverse()) put(name);
  expect(await names(folder)).toEqual(wanted);
  expect(await names(join(folder, '222'), join(folder, '111'), folder)).toEqual(wanted);
});

test('takes nameless files by the time of their first event, and timeless ones first', async () => {
  const at = (time: string) => `{"Records":[{"eventTime":"2026-01-0${time}:00Z"}]}`;
  put('b.json', at('5T08:10'));
  put('c.json.gz', gzipSync(at('5T08:05')));
  put('a.jsonl', JSON.stringify({CloudTrailEvent: at('5T08:15')}));
  put('z.log', 'nothing to go by');
  put(log('111', 'eu-west-1', '05T0812'));
  expect(await names(folder)).toEqual([
    'z.log',
    'c.json.gz',
    'b.json',
    log('111', 'eu-west-1', '05T0812'),
    'a.jsonl',
  ]);
});

test('in folders takes what looks like a log, elsewhere what it is told', async () => {
  for (const name of ['a.json', 'b.JSON.GZ', 'c.ndjson', 'd.txt', 'e.gz', 'f.md', '.hidden', 'g']) {
    put(name);
  }
  expect(await names(folder)).toEqual(['a.json', 'b.JSON.GZ', 'c.ndjson', 'd.txt', 'e.gz']);
  expect(await names(join(folder, 'g'), `${folder}/./f.md`)).toEqual(['f.md', 'g']);
});

test('links to files are followed, links to folders are not, so that loops end', async () => {
  put('logs/a.json');
  symlinkSync(folder, join(folder, 'logs/loop'));
  symlinkSync(join(folder, 'logs/a.json'), join(folder, 'logs/b.json'));
  symlinkSync(join(folder, 'gone'), join(folder, 'logs/c.json'));
  symlinkSync(join(folder, 'gone'), join(folder, 'logs/readme'));
  const {files, faults} = await listTrail([folder]);
  expect(files.map(({path}) => relative(folder, path))).toEqual(['logs/a.json', 'logs/b.json']);
  expect(faults.map(({path}) => relative(folder, path))).toEqual(['logs/c.json']);
  expect(faults[0]?.error.code).toBe('source_unreadable');
});

test('globs match below the folders they name, whatever those are called', async () => {
  put('logs [1] (x)/a.json');
  put('logs [1] (x)/deep/b.json');
  put('logs [1] (x)/deep/c.txt');
  put('other/.d.json');
  expect(await names(join(folder, 'logs [1] (x)', '*.json'))).toEqual(['logs [1] (x)/a.json']);
  expect(await names(join(folder, 'logs [1] (x)/**/*.{json,txt}'))).toEqual([
    'logs [1] (x)/a.json',
    'logs [1] (x)/deep/b.json',
    'logs [1] (x)/deep/c.txt',
  ]);
  expect(await names(join(folder, '*/?d.json'))).toEqual(['other/.d.json']);
  expect(await names(folder, join(folder, '**/a.json'))).toHaveLength(4);
  await expect(names(join(folder, '*.gz'))).rejects.toThrow('No file matches');
  await expect(names(join(folder, 'none'))).rejects.toMatchObject({code: 'usage'});
});

test('gives small files whole, large ones in pieces, each in memory of its own', async () => {
  const small = put('small.json', 'x'.repeat(1000));
  const size = WHOLE_FILE_BYTES + 123;
  const large = put('large.json', Buffer.alloc(size, 'y'));
  for (const [path, bytes] of [
    [small, 1000],
    [large, size],
  ] as const) {
    let total = 0;
    let pieces = 0;
    for await (const piece of readFilePieces({path, size: bytes, time: 0})) {
      expect(piece.buffer.byteLength).toBe(piece.length);
      total += piece.length;
      pieces++;
    }
    expect(total).toBe(bytes);
    expect(pieces > 1).toBe(bytes > 1000);
  }
});

test('a file that is gone is unreadable, and one that is called off just ends', async () => {
  const gone = {path: join(folder, 'gone'), size: 5, time: 0};
  await expect(readFilePieces(gone).next()).rejects.toMatchObject({code: 'source_unreadable'});
  const large = put('large.json', Buffer.alloc(WHOLE_FILE_BYTES + 1));
  const abort = new AbortController();
  const pieces = readFilePieces({path: large, size: WHOLE_FILE_BYTES + 1, time: 0}, abort.signal);
  await pieces.next();
  abort.abort();
  let more = 0;
  for await (const _ of pieces) more++;
  expect(more).toBeLessThan(8);
});

test('reads a stretch again, also of what is compressed, or broken after it', async () => {
  const text = Array.from({length: 5000}, (_, i) => `{"record":${i}}`).join('\n');
  const plain = put('a.json', text);
  const zipped = put('a.json.gz', gzipSync(text));
  const cut = put('cut.json.gz', gzipSync(text).subarray(0, -20));
  const offset = text.indexOf('{"record":40}');
  for (const path of [plain, zipped, cut]) {
    const bytes = await readDecompressed(path, offset, 13);
    expect(new TextDecoder().decode(bytes)).toBe('{"record":40}');
  }
  await expect(readDecompressed(join(folder, 'gone'), 0, 5)).rejects.toMatchObject({
    code: 'source_unreadable',
  });
});
