/** Ends with one clear line where Node is too old to run the rest. Imported first; uses nothing that is new. */
const OLDEST = [22, 13] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  process.stderr.write(
    `This needs Node ${OLDEST.join('.')} or newer, and this is ${process.versions.node}: start it with "npm start".\n`,
  );
  process.exit(1);
}
