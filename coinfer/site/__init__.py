"""The report site: what the study left, as static pages that are read offline and need no script.

`python -m coinfer.site` writes them. Every page is made as HTML by one of the modules here (`notebooks`, `findings`, `proofs`,
`interface`, `texts`), goes through `page.finished`, where headings, tables and links are put right, and is laid out by one template.
"""
