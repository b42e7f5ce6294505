// `init` and the start-up of both shapes, against the keys alone and against `node -e 0`. All run in the environment of
// `mustRun`: a NODE_EXTRA_CA_CERTS of the caller alone makes `node -e 0` take three times as long, and every ratio look good.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../conformance/processes.mjs';
import { measure, timed } from './turns.mjs';

const node = process.execPath;
const standalone = './build/k8s-pki';
const ALGORITHMS = ['RSA-2048', 'RSA-3072', 'ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519'];
/** The three CAs, seven leaves, four kubeconfigs and the service account pair. */
const KEYS = 15;

const timedProcess = (command, ...args) => timed(() => () => mustRun(command, args));
const floor = (algorithm) => () => Number(mustRun(node, ['bench/floor.mjs', algorithm, String(KEYS)]).stdout);
const init = (algorithm, command, ...args) =>
  timed((folder) => {
    const host = ['--host-ip', '192.0.2.10', '--hostname', 'cp1', '--cert-dir', join(folder, 'pki')];
    return () => mustRun(command, [...args, 'init', '--key-algorithm', algorithm, ...host]);
  });

const milliseconds = (value) => `${Math.round(value)} ms`;
const ratio = (value, base) => `${(value / base).toFixed(2)} ×`;
const aimOf = (factor, base, says) => ({ limit: factor * base, says });
function verdict(value, aim) {
  return aim === undefined ? '' : `${value <= aim.limit ? 'met' : 'missed'}: ≤ ${aim.says}`;
}

function mediansOf(contenders, rounds) {
  return Object.fromEntries(
    Object.entries(measure(contenders, rounds)).map(([name, { median }]) => [name, median]),
  );
}

function startRows(isQuick) {
  const times = mediansOf(
    {
      base: timedProcess(node, '-e', '0'),
      node: timedProcess(node, 'dist/cli.js', '--help'),
      standalone: timedProcess(standalone, '--help'),
    },
    isQuick ? 7 : 31,
  );
  const aim = aimOf(1.6, times.base, '1.6 × node -e 0');
  return [
    ['node -e 0', milliseconds(times.base), '1.00 ×', ''],
    ['--help, Node', milliseconds(times.node), ratio(times.node, times.base), verdict(times.node, aim)],
    ['--help, standalone', milliseconds(times.standalone), ratio(times.standalone, times.base), ''],
  ];
}

function initRows(algorithm, isQuick) {
  const isSlow = algorithm.startsWith('RSA') || algorithm === 'Ed25519';
  const times = mediansOf(
    {
      base: timedProcess(node, '-e', '0'),
      floor: floor(algorithm),
      node: init(algorithm, node, 'dist/cli.js'),
      standalone: init(algorithm, standalone),
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
  const rowOf = (shape) => [
    `${algorithm}: init, ${shape === 'node' ? 'Node' : shape}`,
    milliseconds(times[shape]),
    `${ratio(times[shape], times.base)}, ${ratio(times[shape], times.floor)} the keys`,
    verdict(times[shape], aims?.[shape]),
  ];
  return [
    [`${algorithm}: ${KEYS} keys alone, Node`, milliseconds(times.floor), ratio(times.floor, times.base), ''],
    rowOf('node'),
    rowOf('standalone'),
  ];
}

/** The table of both shapes alone, with what is aimed at. */
export function measureAims(algorithms, isQuick) {
  const chosen = algorithms.length > 0 ? algorithms : ALGORITHMS;
  return {
    header: ['what', 'time', 'against node -e 0', 'aim'],
    rows: [...startRows(isQuick), ...chosen.flatMap((algorithm) => initRows(algorithm, isQuick))],
    notes: [`Node ${process.version}, ${availableParallelism()} cores, medians, turn by turn.`],
  };
}
