// Prints as Markdown what `init` and the start-up cost; with --peers, what `init` costs beside others that make its files;
// with --verify, what `verify` costs beside others that look at them; with --renew, what `certs renew all` and
// `certs check-expiration` cost beside the real kubeadm's.
// Usage: node bench/run.mjs [--peers | --verify | --renew] [--quick] [ALGORITHM …]
import { parseArgs } from 'node:util';
import { measureAims } from './aims.mjs';
import { measurePeers } from './peers.mjs';
import { measureRenew } from './renew.mjs';
import { measureVerify } from './verify.mjs';

// The modes of the others' files are the usual ones under the umask that hosts have.
process.umask(0o022);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: 'boolean', default: false },
    verify: { type: 'boolean', default: false },
    renew: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const TABLES = { peers: measurePeers, verify: measureVerify, renew: measureRenew };
const chosen = Object.keys(TABLES).filter((name) => values[name]);
if (chosen.length > 1) throw new Error(`expected one of --${chosen.join(', --')}`);
const measureTable = TABLES[chosen[0]] ?? measureAims;
const { header, rows, notes } = measureTable(positionals, values.quick);
const columns = [header, header.map(() => '---'), ...rows];
for (const row of columns) console.log(`| ${row.join(' | ')} |`);
for (const note of notes) console.log(`\n${note}`);
