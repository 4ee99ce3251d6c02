// SPDX-License-Identifier: LGPL-2.1-or-later
// The work of tests/report/browser: node look.js DIRECTORY CHROMIUM [pictures]; the pages are in DIRECTORY/pages.
"use strict";
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const Ajv = require("ajv");
const { HtmlValidate } = require("html-validate");
const [directory, chromium, ...words] = process.argv.slice(2);
const pictures = words.includes("pictures");
const pages = path.join(directory, "pages");
let passed = 0, failed = 0;

function told(what, wrong) {
	if (wrong.length) {
		failed++;
		console.log(`FAILED ${what}\n  ${wrong.slice(0, 12).join("\n  ")}`);
	} else {
		passed++;
	}
}

// open: with every fold open. rules: those of axe-core that are run, all where there is no such word; not those again whose answer is that of the
// look before.
const looks = [
	{ name: "light", width: 1400, scheme: "light", open: true },
	{ name: "dark", width: 1400, scheme: "dark", open: true, rules: ["color-contrast"] },
	{ name: "tablet", width: 800, scheme: "light", rules: [] },
	{ name: "phone", width: 390, scheme: "dark" },
];
// Pages of A4: who prints a page wants no book. A host with 300 doors of its own has a line for each of them.
const mostSheets = { host: 8, attack: 8, formula: 8, empty: 3, missing: 3, blind: 3, crowd: 35 };

// Thousands of what the others have once: their room and their paper are looked at; axe-core would take minutes, and say nothing new.
const alike = ["crowd", "many"];

async function open(browser, file) {
	const page = await browser.newPage();
	page.asked = [];
	page.said = [];
	page.on("request", (r) => r.url().startsWith("file://") || page.asked.push(r.url()));
	page.on("console", (m) => page.said.push(m.text()));
	page.on("pageerror", (e) => page.said.push(String(e)));
	const begun = Date.now();
	await page.goto("file://" + file, { waitUntil: "load" });
	page.took = Date.now() - begun;
	return page;
}

async function violations(page, rules) {
	const found = await page.evaluate(async (rules) => (await axe.run(document, { resultTypes: ["violations"],
		...(rules ? { runOnly: { type: "rule", values: rules } } : {}) })).violations, rules);
	return found.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120)).join(" | ")}`);
}

// What is cut off at the right, and what has no room: run in the page.
function misplaced() {
	const wrong = [], wide = window.innerWidth;
	if (document.documentElement.scrollWidth > wide)
		wrong.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${wide}`);
	const shown = (x) => x && x.getClientRects().length > 0;
	const drawing = document.querySelector(".drawing"), hint = document.querySelector(".hint");
	if (drawing && shown(drawing) && shown(hint) !== drawing.scrollWidth > drawing.clientWidth)
		wrong.push(`the map is ${drawing.scrollWidth} wide in ${drawing.clientWidth}, the hint is ${shown(hint) ? "" : "not "}shown`);
	if (drawing && shown(drawing) === shown(document.querySelector(".ways")))
		wrong.push("the map is there both ways, or neither");
	for (const cell of document.querySelectorAll("tbody td, tbody th")) {
		const box = cell.getBoundingClientRect();
		if (box.width > 0 && cell.textContent.trim().length > 20 && box.width < (wide < 500 ? 150 : 60))
			wrong.push(`a cell of ${box.width} pixels: ${cell.textContent.slice(0, 60)}`);
		if (wide < 500 && cell.scrollWidth > wide)
			wrong.push(`a cell wider than the window: ${cell.textContent.slice(0, 60)}`);
	}
	return wrong;
}

// From the top; of endless pages as much as somebody looks at.
async function picture(page, name) {
	const { width } = page.viewport();
	const height = Math.min(9000, await page.evaluate(() => document.documentElement.scrollHeight));
	await page.screenshot({ path: path.join(directory, name + ".png"), captureBeyondViewport: true, clip: { x: 0, y: 0, width, height } });
}

async function look(page, name, l) {
	const what = `${name}, ${l.name}`, large = alike.includes(name);
	await page.setViewport({ width: l.width, height: 1000 });
	await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: l.scheme }]);
	told(`${what}: all has its room`, await page.evaluate(misplaced));
	if (pictures)
		await picture(page, `${name}-${l.name}`);
	await page.evaluate((open) => document.querySelectorAll("details").forEach((d) => { d.open = open; }), !large && l.open);
	if (!large && (!l.rules || l.rules.length))
		told(`${what}: axe-core`, await violations(page, l.rules));
	if (pictures && l.open && !large)
		await picture(page, `${name}-${l.name}-open`);
	await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = false; }));
}

async function print(page, name) {
	const file = path.join(directory, name + ".pdf");
	await page.pdf({ path: file, format: "A4", printBackground: true });
	const sheets = (fs.readFileSync(file, "latin1").match(/\/Type\s*\/Page\b/g) || []).length;
	console.log(`${name}: ${sheets} sheets of paper`);
	told(`${name}: printed`, sheets > 0 && sheets <= mostSheets[name] ? [] : [`${sheets} sheets, at most ${mostSheets[name]} are meant`]);
}

async function see(browser, name) {
	const file = path.join(pages, name + ".html");
	const page = await open(browser, file);
	console.log(`${name}: loaded in ${page.took} ms, ${fs.statSync(file).size} bytes`);
	told(`${name}: no script came in`, await page.evaluate(() =>
		[...document.querySelectorAll("script, iframe, object, embed, link, img, [onload], [onerror], [onclick], [onmouseover], [style]")]
			.map((x) => x.outerHTML.slice(0, 120))));
	if (name !== "many")
		await print(page, name);
	// the page's own policy forbids scripts: axe is put in beside it
	await page.evaluate(axe);
	for (const l of looks.filter((l) => !alike.includes(name) || l.name !== "dark"))
		await look(page, name, l);
	await choose(page, file, name);
	told(`${name}: nothing is asked of a network`, page.asked);
	told(`${name}: the page's policy is kept`, page.said);
	await page.close();
}

// What is chosen by verdict, and the link from the map to the story: neither needs a script of the page.
async function choose(page, file, name) {
	await page.setViewport({ width: 1400, height: 1000 });
	const labels = await page.$$eval(".choice input:not(#c-all)", (all) => all.map((x) => x.id));
	const doors = await page.$$eval(".v", (all) => all.length);
	if (doors)
		told(`${name}: verdicts can be chosen`, labels.length ? [] : [`${doors} doors, and no choice`]);
	for (const id of labels) {
		await page.click(`label[for=${id}]`);
		told(`${name}: chosen ${id}`, await page.$$eval(".v", (all, id) => all
			.filter((v) => (getComputedStyle(v).display !== "none") !== v.classList.contains(id.slice(2)))
			.map((v) => v.className), id));
	}
	if (labels.length)
		await page.click("label[for=c-all]");
	const target = await page.$eval(".map a", (a) => a.getAttribute("href").slice(1)).catch(() => null);
	if (!target) {
		told(`${name}: the map has links`, doors ? [`${doors} doors, and no link`] : []);
		return;
	}
	await page.goto("file://" + file + "#" + target);
	told(`${name}: a link of the map opens the story`, await page.$eval("#" + target, (x) =>
		x.closest("details").open ? [] : ["closed"]));
}

async function validate(name) {
	const v = new HtmlValidate({ extends: ["html-validate:recommended"], rules: {
		"long-title": "off", // the host's name and the time
		"no-inline-style": "error",
		"require-sri": "off",
	} });
	const report = await v.validateFile(path.join(pages, name + ".html"));
	told(`${name}: html-validate`, report.results.flatMap((r) => r.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`)));
}

// The schema of SARIF 2.1.0 comes with one of its makers' packages; it is of a draft of JSON Schema that has "id".
function schema() {
	const of = JSON.parse(fs.readFileSync(path.join(process.env.NODE_PATH,
		"@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json")));
	delete of.$schema;
	delete of.id;
	const ajv = new Ajv({ strict: false, unicodeRegExp: false });
	require("ajv-formats")(ajv);
	return ajv.compile(of);
}

function named(ending) {
	return fs.readdirSync(pages).filter((f) => f.endsWith(ending)).sort();
}

(async () => {
	const validateSarif = schema();
	for (const file of named(".sarif")) {
		validateSarif(JSON.parse(fs.readFileSync(path.join(pages, file))));
		told(`${file}: its schema`, (validateSarif.errors || []).map((e) => `${e.instancePath}: ${e.message}`));
	}
	const browser = await puppeteer.launch({ executablePath: chromium.includes("/") ? chromium : "/usr/bin/" + chromium,
		args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
	for (const file of named(".html")) {
		const name = path.basename(file, ".html"), begun = Date.now();
		if (name !== "many")
			await validate(name);
		await see(browser, name);
		console.log(`${name}: seen in ${Date.now() - begun} ms`);
	}
	await browser.close();
	console.log(`${passed} passed, ${failed} failed`);
	process.exit(failed ? 1 : 0);
})();
