// Translates a CQL library to ELM and runs it on one synthetic patient, so that what is written is known to work.
//   node translate.mjs LIBRARY.cql LIBRARY.elm.json
import {readFileSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {SystemModelInfoProvider} from "@cqframework/cql/cql";
import {CqlCompilerOptions, CqlTranslator, LibraryManager, ModelManager, createModelInfoProvider, stringAsSource} from "@cqframework/cql/cql-to-elm";

const require = createRequire(import.meta.url);
const cql = require("cql-execution");
const fhir = require("cql-exec-fhir");
const [from, to] = process.argv.slice(2);
const model = readFileSync(require.resolve("cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml"), "utf8");

const models = new ModelManager();
models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
models.modelInfoLoader.registerModelInfoProvider(
  createModelInfoProvider((name, _, version) => (name === "FHIR" && (!version || version === "4.0.1") ? stringAsSource(model) : null)),
);
const options = new CqlCompilerOptions();
options.setOptions([]); // no annotations and no locators: half the size, and nothing that a client needs
const translator = CqlTranslator.fromText(readFileSync(from, "utf8"), new LibraryManager(models, options));
const elm = JSON.parse(translator.toJson());
const faults = (elm.library.annotation ?? []).filter((a) => a.errorSeverity === "error");
if (faults.length) throw new Error(JSON.stringify(faults));

const observation = (id, code, value, unit, status, day) => ({
  fullUrl: `urn:${id}`,
  resource: {
    resourceType: "Observation", id, status, effectiveDateTime: day, subject: {reference: "Patient/p"},
    code: {coding: [{system: "http://loinc.org", code}]},
    valueQuantity: {value, system: "http://unitsofmeasure.org", code: unit},
  },
});
const source = fhir.PatientSource.FHIRv401();
source.loadBundles([{resourceType: "Bundle", type: "collection", entry: [
  {fullUrl: "urn:p", resource: {resourceType: "Patient", id: "p", birthDate: "1980-02-03"}},
  observation("w1", "29463-7", 70, "kg", "final", "2026-01-01"),
  observation("w2", "29463-7", 68, "kg", "final", "2026-04-01"),
  observation("w3", "29463-7", 150, "[lb_av]", "final", "2026-04-10"),
  observation("w4", "29463-7", 99, "kg", "entered-in-error", "2026-04-11"),
  observation("h1", "8302-2", 165, "cm", "amended", "2026-04-01"),
]}]);
const results = await new cql.Executor(new cql.Library(elm)).exec(source);
const found = Object.values(results.patientResults)[0];
const seen = [String(found["Birth date"]), found["Weight in kg"], found["Height in cm"]];
if (JSON.stringify(seen) !== '["1980-02-03",68,165]') throw new Error(`the library found ${seen}`);
writeFileSync(to, JSON.stringify(elm) + "\n");
