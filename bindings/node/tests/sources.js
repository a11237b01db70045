// Where the sources are, of which a test reads pages and vectors.

const fs = require('node:fs');
const path = require('node:path');

/** The folder of the sources: the one that is told, else the one above wherever the package was staged. */
function sources() {
  if (process.env.STRONGROOM_REPOSITORY) return process.env.STRONGROOM_REPOSITORY;
  let folder = __dirname;
  while (!fs.existsSync(path.join(folder, 'docs', 'node.md'))) {
    const above = path.dirname(folder);
    if (above === folder) throw new Error('there is no docs/node.md above the tests');
    folder = above;
  }
  return folder;
}

module.exports = { sources };
