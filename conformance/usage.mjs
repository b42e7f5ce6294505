// The command lines of this suite's programs.
import { parseArgs } from 'node:util';

/** Parses the command line of this process. Ends it where it asks for the usage, or cannot be read. */
export function parseCommandLine(usage, options = {}) {
  try {
    const help = { type: 'boolean', short: 'h' };
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { ...options, help } });
    if (values.help !== true) return { values, positionals };
    console.log(usage);
    process.exit(0);
  } catch (error) {
    console.error(`error: ${error.message}\n${usage}`);
    process.exit(2);
  }
}
