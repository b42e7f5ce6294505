// Imported before all else: yargs asks for the working directory while it loads, and what Node says where that is gone tells nobody what to do.
try {
  process.cwd();
} catch {
  process.stderr.write(
    'error: the working directory is gone [ERR_STORE]\n  hint: change into a directory that is there, then run again\n',
  );
  process.exit(3);
}
