// Node's dotenv: a JSON array of documents in, an array of objects out.
// The second parser of the package reads alike, or the document counts as refused.
const { parse } = require(process.argv[2] + '/dotenv')
const documents = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const same = (a, b) => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())
const read = text => {
  const values = parse(text)
  return same(values, parse(text, { fast: true })) ? values : null
}
process.stdout.write(JSON.stringify(documents.map(read)))
