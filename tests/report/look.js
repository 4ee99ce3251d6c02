// SPDX-License-Identifier: LGPL-2.1-or-later
// The work of tests/report/browser: node look.js DIRECTORY CHROMIUM; the pages are in DIRECTORY/pages.
"use strict";
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const Ajv = require("ajv");
const { HtmlValidate } = require("html-validate");
const [directory, chromium] = process.argv.slice(2);
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

const looks = [
	{ name: "light", width: 1400, scheme: "light" },
	{ name: "dark", width: 1400, scheme: "dark" },
	{ name: "narrow", width: 640, scheme: "light" },
	{ name: "phone", width: 390, scheme: "dark" },
];

async function open(browser, file, look) {
	const page = await browser.newPage();
	const asked = [], said = [];
	page.on("request", (r) => r.url().startsWith("file://") || asked.push(r.url()));
	page.on("console", (m) => said.push(m.text()));
	page.on("pageerror", (e) => said.push(String(e)));
	await page.setViewport({ width: look.width, height: 1000 });
	await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: look.scheme }]);
	const begun = Date.now();
	await page.goto("file://" + file, { waitUntil: "load" });
	return { page, asked, said, took: Date.now() - begun };
}

async function violations(page) {
	// the page's own policy forbids scripts: axe is put in beside it
	await page.evaluate(axe);
	const found = await page.evaluate(async () => (await axe.run(document, { resultTypes: ["violations"] })).violations);
	return found.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120)).join(" | ")}`);
}

async function see(browser, name) {
	const file = path.join(pages, name + ".html");
	for (const look of looks) {
		const { page, asked, said, took } = await open(browser, file, look);
		const what = `${name}, ${look.name}`;
		told(`${what}: nothing is asked of a network`, asked);
		told(`${what}: the page's policy is kept`, said);
		const width = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
		told(`${what}: no wider than the window`, width[0] > width[1] ? [width.join(" > ")] : []);
		told(`${what}: no script came in`, await page.evaluate(() =>
			[...document.querySelectorAll("script, iframe, object, embed, link, img, [onload], [onerror], [onclick], [style]")]
				.map((x) => x.outerHTML.slice(0, 120))));
		await page.screenshot({ path: path.join(directory, `${name}-${look.name}.png`), fullPage: name !== "many" });
		if (name !== "many" || look.name === "light")
			told(`${what}: axe-core`, await violations(page));
		if (look.name === "light")
			console.log(`${name}: loaded in ${took} ms, ${fs.statSync(file).size} bytes`);
		if (look.name === "light" || look.name === "dark") {
			await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
			if (name !== "many")
				told(`${what}, opened: axe-core`, await violations(page));
			await page.screenshot({ path: path.join(directory, `${name}-${look.name}-open.png`), fullPage: name !== "many" });
		}
		await page.close();
	}
	await choose(browser, file, name);
}

// What is chosen by verdict, the link from the map to the story, and the print: none of them needs a script of the page.
async function choose(browser, file, name) {
	const { page } = await open(browser, file, looks[0]);
	const labels = await page.$$eval(".choice input:not(#c-all)", (all) => all.map((x) => x.id));
	for (const id of labels) {
		await page.click(`label[for=${id}]`);
		told(`${name}: chosen ${id}`, await page.$$eval(".v", (all, id) => all
			.filter((v) => (getComputedStyle(v).display !== "none") !== v.classList.contains(id.slice(2)))
			.map((v) => v.className), id));
	}
	if (labels.length)
		await page.click("label[for=c-all]");
	const target = await page.$eval(".map a", (a) => a.getAttribute("href").slice(1)).catch(() => null);
	if (target) {
		await page.goto("file://" + file + "#" + target);
		told(`${name}: a link of the map opens the story`, await page.$eval("#" + target, (x) =>
			x.closest("details").open ? [] : ["closed"]));
	}
	if (name !== "many") {
		await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
		await page.pdf({ path: path.join(directory, name + ".pdf"), format: "A4", printBackground: true });
	}
	await page.close();
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
function sarif(name) {
	const schema = JSON.parse(fs.readFileSync(path.join(process.env.NODE_PATH,
		"@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json")));
	delete schema.$schema;
	delete schema.id;
	const ajv = new Ajv({ strict: false, unicodeRegExp: false, allErrors: true });
	require("ajv-formats")(ajv);
	const validate = ajv.compile(schema);
	validate(JSON.parse(fs.readFileSync(path.join(pages, name))));
	told(`${name}: its schema`, (validate.errors || []).map((e) => `${e.instancePath}: ${e.message}`));
}

(async () => {
	for (const file of fs.readdirSync(pages).filter((f) => f.endsWith(".sarif")).sort())
		sarif(file);
	const browser = await puppeteer.launch({ executablePath: chromium.includes("/") ? chromium : "/usr/bin/" + chromium, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
	for (const file of fs.readdirSync(pages).filter((f) => f.endsWith(".html")).sort()) {
		const name = path.basename(file, ".html");
		if (name !== "many")
			await validate(name);
		await see(browser, name);
	}
	await browser.close();
	console.log(`${passed} passed, ${failed} failed`);
	process.exit(failed ? 1 : 0);
})();
