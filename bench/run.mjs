// Prints as Markdown what `init` and the start-up cost; with --peers, what `init` costs beside others that make its files;
// with --verify, what `verify` costs beside others that look at them.
// Usage: node bench/run.mjs [--peers | --verify] [--quick] [ALGORITHM …]
import { parseArgs } from 'node:util';
import { measureAims } from './aims.mjs';
import { measurePeers } from './peers.mjs';
import { measureVerify } from './verify.mjs';

// The modes of the others' files are the usual ones under the umask that hosts have.
process.umask(0o022);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: 'boolean', default: false },
    verify: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const table = values.verify ? measureVerify : values.peers ? measurePeers : measureAims;
const { header, rows, notes } = table(positionals, values.quick);
const columns = [header, header.map(() => '---'), ...rows];
for (const row of columns) console.log(`| ${row.join(' | ')} |`);
for (const note of notes) console.log(`\n${note}`);
