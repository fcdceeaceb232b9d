"""The boxed warning and the non-hematologic table: veno-occlusive disease, graded toxicities, infusion reactions."""
