import {spawnSync} from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {expect, test} from 'vitest';

const ROOT = join(import.meta.dirname, '..');

test('the package holds all that it needs, and works where it is installed', (context) => {
  if (!existsSync(join(ROOT, 'dist/.build'))) context.skip('not built yet: npm run build');
  const folder = mkdtempSync(join(tmpdir(), 'oddtrail-pack-'));
  const sh = (command: string, args: readonly string[], cwd: string) => {
    const shell = process.platform === 'win32';
    return spawnSync(command, args, {
      cwd,
      shell,
      encoding: 'utf8',
      env: {...process.env, NODE_PATH: ''},
    });
  };
  try {
    // Without scripts: what is tested is the build that is there.
    const packed = sh(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
      ROOT,
    );
    expect(packed.status, packed.stderr).toBe(0);
    const [{filename, files}] = JSON.parse(packed.stdout) as [
      {filename: string; files: {path: string}[]},
    ];
    const paths = files.map(({path}) => path);
    for (const wanted of [
      'bin/oddtrail.js',
      'contexts/cloudtrail.yml',
      'detections/questions/questions.yml',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/main.js',
      'dist/sources/file-thread.js',
      'dist/decode/scanner-wasm.generated.js',
      'dist/web/report/page.js',
      'dist/web/app/index.html',
      'dist/app/service/decode-thread.js',
      'dist/app/service/engine-thread.js',
      'examples/vpn-logins/contexts.yml',
      'LICENSE',
      'package.json',
    ]) {
      expect(paths).toContain(wanted);
    }
    expect(paths.filter((path) => /\.test\.|^test|^bench|^src|^scripts|\.log$/.test(path))).toEqual(
      [],
    );

    // Unpacked beside the packages it names, as an install would leave it, but with no network.
    const home = join(folder, 'home');
    mkdirSync(join(home, 'node_modules'), {recursive: true});
    expect(
      sh('tar', ['-xzf', join(folder, filename), '-C', join(home, 'node_modules')], home).status,
    ).toBe(0);
    const unpacked = join(home, 'node_modules/package');
    const {dependencies} = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    cpSync(unpacked, join(home, 'node_modules/oddtrail'), {recursive: true});
    rmSync(unpacked, {recursive: true});
    for (const name of Object.keys(dependencies)) {
      const link = join(home, 'node_modules', name);
      mkdirSync(dirname(link), {recursive: true});
      symlinkSync(join(ROOT, 'node_modules', name), link, 'dir');
    }
    const command = join(home, 'node_modules/oddtrail/bin/oddtrail.js');
    const oddtrail = (...args: string[]) => sh(process.execPath, [command, ...args], home);
    expect(oddtrail('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const record = {
      eventVersion: '1.11',
      eventTime: '2026-01-05T08:00:00Z',
      eventSource: 'ec2.amazonaws.com',
      eventName: 'RunInstances',
      userIdentity: {type: 'IAMUser', accountId: '111122223333', userName: 'ann'},
    };
    const tested = oddtrail('detections', 'test');
    expect(tested.status, tested.stderr).toBe(0);
    expect(tested.stdout).toMatch(/^[1-9]\d* detections, [1-9]\d* tests passed, 0 failed\n$/);
    writeFileSync(join(home, 'log.json'), JSON.stringify({Records: [record]}));
    const scored = oddtrail('score', 'log.json', '--format', 'jsonl', '--workers', '1');
    expect(scored.status, scored.stderr).toBe(0);
    expect(scored.stdout).toContain('"principal":"111122223333:user/ann"');
    expect(oddtrail('report', 'log.json', '--out', 'report.html').status).toBe(0);
    expect(readFileSync(join(home, 'report.html'), 'utf8')).toContain('uPlot');
    writeFileSync(
      join(home, 'use.mjs'),
      "import {createDetector} from 'oddtrail';\n" +
        'const detector = createDetector();\nconsole.log(detector.contexts[0].name);\n',
    );
    const used = sh(process.execPath, ['use.mjs'], home);
    expect(used.stdout, used.stderr).toBe('cloudtrail\n');

    // In an empty folder, by npm itself: what it links is what `npx oddtrail` starts.
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    writeFileSync(join(empty, 'package.json'), '{"private": true}');
    const offline = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    const installed = sh('npm', ['install', ...offline, join(folder, filename)], empty);
    if (/ENOTCACHED/.test(installed.stderr)) {
      process.stderr.write('skipped: npx, for want of dependencies in the cache of npm\n');
      return;
    }
    expect(installed.status, installed.stderr).toBe(0);
    const npx = sh('npx', ['--offline', '--no', 'oddtrail', '--version'], empty);
    expect(npx.stdout, npx.stderr).toMatch(/^\d+\.\d+\.\d+\n$/);
    writeFileSync(join(empty, 'log.json'), JSON.stringify({Records: [record]}));
    const viaNpx = ['--offline', '--no', 'oddtrail', 'score', 'log.json', '--format', 'jsonl'];
    expect(sh('npx', viaNpx, empty).stdout).toContain('"principal":"111122223333:user/ann"');
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}, 240_000);
