//! Pictures as people get them: a PNG on stdout, pictures in the page.

use crate::harness::NOW;
use crate::harness::binary::Pacer;
use crate::harness::facts::sample;

#[test]
fn an_answer_is_a_png_on_stdout_and_drawn_in_the_page() {
    let pacer = Pacer::new();
    pacer.run(&["import", "json", &pacer.database.file("facts.json", sample())]).ok();
    let png = pacer.command(&["ask", "dora 30d", "--format", "png"]).env("PACER_NOW", NOW).output().expect("it runs");
    assert_eq!(png.status.code(), Some(0), "{}", String::from_utf8_lossy(&png.stderr));
    assert!(png.stdout.starts_with(b"\x89PNG\r\n\x1a\n") && png.stdout.ends_with(b"IEND\xaeB`\x82"), "a whole PNG and nothing else");
    let width = u32::from_be_bytes(png.stdout[16..20].try_into().expect("four bytes"));
    assert_eq!(width, 1_200);
    // An answer without figures is a picture too; a question that can't be answered is a sentence, not half a picture.
    let help = pacer.command(&["ask", "help", "--format", "png"]).output().expect("it runs");
    assert!(help.stdout.starts_with(b"\x89PNG"));
    let refused = pacer.run_at(NOW, &["ask", "dora team:nobody", "--format", "png"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("nobody"), "{refused:?}");
    let page = pacer.run_at(NOW, &["ask", "dora 30d", "--format", "html"]).ok().stdout;
    assert!(page.contains("<svg viewBox=") && page.contains("role=\"img\"") && !page.contains("<script"), "{page}");
}
