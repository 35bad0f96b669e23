// Says what in files of PowerShell is not its grammar: node syntax.mjs PACKAGES FILE...
// PACKAGES is the node_modules folder that ../powershell-syntax.sh fills.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [packages, ...files] = process.argv.slice(2);
const { Parser, Language } = await import(pathToFileURL(join(packages, 'web-tree-sitter', 'web-tree-sitter.js')));
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(join(packages, 'tree-sitter-powershell', 'tree-sitter-powershell.wasm')));

let wrong = 0;
for (const file of files) {
	const look = (node) => {
		if (node.isError || node.isMissing) {
			wrong++;
			const at = node.startPosition;
			console.log(`${file}:${at.row + 1}:${at.column + 1}: ${node.isMissing ? 'missing ' + node.type : 'not understood'}: ${node.text.slice(0, 60)}`);
		} else if (node.hasError) {
			node.children.forEach(look);
		}
	};
	look(parser.parse(readFileSync(file, 'utf8').replace(/^\ufeff/, '')).rootNode);
}
process.exit(wrong ? 1 : 0);
