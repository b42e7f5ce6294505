// Prints as Markdown what `init` and the start-up cost, or with --peers, what `init` costs beside others that make its files.
// Usage: node bench/run.mjs [--peers] [--quick] [ALGORITHM …]
import { parseArgs } from 'node:util';
import { measureAims } from './aims.mjs';
import { measurePeers } from './peers.mjs';

// The modes of the others' files are the usual ones under the umask that hosts have.
process.umask(0o022);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { peers: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const { header, rows, notes } = (values.peers ? measurePeers : measureAims)(positionals, values.quick);
const columns = [header, header.map(() => '---'), ...rows];
for (const row of columns) console.log(`| ${row.join(' | ')} |`);
for (const note of notes) console.log(`\n${note}`);
