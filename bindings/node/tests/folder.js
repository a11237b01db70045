'use strict';
// Folders that live as long as a test.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** A folder that is gone after the test. */
function folderOf(test) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'strongroom-node-'));
  test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

module.exports = { folderOf };
