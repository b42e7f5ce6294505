// `init` and the start-up of both shapes, against the keys alone and against `node -e 0`, turn by turn in one run.
// Usage: node bench/run.mjs [--quick] [ALGORITHM …]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

const isQuick = process.argv.includes('--quick');
const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const algorithms =
  asked.length > 0 ? asked : ['RSA-2048', 'RSA-3072', 'ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519'];
const node = process.execPath;
const standalone = './build/k8s-pki';
/** The three CAs, seven leaves, four kubeconfigs and the service account pair. */
const KEYS = 15;

function run(command, args) {
  const start = performance.now();
  const { status, stderr, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  const milliseconds = performance.now() - start;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return { milliseconds, stdout };
}

const timed =
  (command, ...args) =>
  () =>
    run(command, args).milliseconds;
const floor = (algorithm) => () => Number(run(node, ['bench/floor.mjs', algorithm, String(KEYS)]).stdout);

function init(command, ...args) {
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'k8s-pki-bench-'));
    try {
      const certDir = join(folder, 'pki');
      return run(command, [...args, '--host-ip', '192.0.2.10', '--hostname', 'cp1', '--cert-dir', certDir])
        .milliseconds;
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Medians of each contender, every one having its turn in every round. */
function measure(contenders, rounds) {
  const times = new Map(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, contender] of Object.entries(contenders)) {
      const time = contender();
      if (round >= 0) times.get(name).push(time);
    }
  }
  return Object.fromEntries([...times].map(([name, values]) => [name, median(values)]));
}

const rows = [];
const milliseconds = (value) => `${Math.round(value)} ms`;
const ratio = (value, base) => `${(value / base).toFixed(2)} ×`;
function verdict(value, aim) {
  return aim === undefined ? '' : `${value <= aim.limit ? 'met' : 'missed'}: ≤ ${aim.says}`;
}

const start = measure(
  {
    base: timed(node, '-e', '0'),
    node: timed(node, 'dist/cli.js', '--help'),
    standalone: timed(standalone, '--help'),
  },
  isQuick ? 7 : 31,
);
const aimOf = (factor, base, says) => ({ limit: factor * base, says });
rows.push(['node -e 0', milliseconds(start.base), '1.00 ×', '']);
rows.push([
  '--help, Node',
  milliseconds(start.node),
  ratio(start.node, start.base),
  verdict(start.node, aimOf(1.6, start.base, '1.6 × node -e 0')),
]);
rows.push(['--help, standalone', milliseconds(start.standalone), ratio(start.standalone, start.base), '']);

for (const algorithm of algorithms) {
  const isSlow = algorithm.startsWith('RSA') || algorithm === 'Ed25519';
  const times = measure(
    {
      base: timed(node, '-e', '0'),
      floor: floor(algorithm),
      node: init(node, 'dist/cli.js', 'init', '--key-algorithm', algorithm),
      standalone: init(standalone, 'init', '--key-algorithm', algorithm),
    },
    isQuick ? 5 : isSlow ? 15 : 31,
  );
  const aims = {
    'RSA-2048': {
      node: { limit: 1.25 * times.floor + 250, says: '1.25 × the keys alone + 0.25 s' },
      standalone: aimOf(0.6, times.floor, '0.6 × the keys alone on Node'),
    },
    'ECDSA-P256': {
      node: aimOf(2.5, times.base, '2.5 × node -e 0'),
      standalone: aimOf(0.8, times.base, '0.8 × node -e 0'),
    },
  }[algorithm];
  rows.push([
    `${algorithm}: ${KEYS} keys alone, Node`,
    milliseconds(times.floor),
    ratio(times.floor, times.base),
    '',
  ]);
  for (const shape of ['node', 'standalone']) {
    rows.push([
      `${algorithm}: init, ${shape === 'node' ? 'Node' : shape}`,
      milliseconds(times[shape]),
      `${ratio(times[shape], times.base)}, ${ratio(times[shape], times.floor)} the keys`,
      verdict(times[shape], aims?.[shape]),
    ]);
  }
}

console.log(`Node ${process.version}, ${availableParallelism()} cores, medians, turn by turn\n`);
console.log('| what | time | against node -e 0 | aim |\n|---|---|---|---|');
for (const row of rows) console.log(`| ${row.join(' | ')} |`);
