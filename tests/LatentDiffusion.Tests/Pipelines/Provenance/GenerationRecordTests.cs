using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Imaging.Metadata;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Provenance;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Text;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines.Provenance;

public sealed class GenerationRecordTests : IDisposable
{
    private static readonly ModelIdentity Identity = new(
        "emoji",
        "models/emoji/model.safetensors",
        new string('a', 64)
    );

    private static readonly GenerationOrigin Origin = new(
        Identity,
        Threads: 2,
        new RecordedStart("apple.png", new string('b', 64), 0.6)
    );

    private readonly LatentDiffusionModel _model = new(
        SmallModels.Pixels with
        {
            Conditioner = new ClassLabelConfig(),
            Classes = ["cat", "dog"],
        }
    );

    private static SamplingRequest Request =>
        new()
        {
            Inputs =
            [
                Input(0, "a (cat:1.2)"),
                Input(0, "a (cat:1.2)"),
                Input(1, null),
                Input(null, "größe: \"5\", 🍎\nzwei"),
                Input(1, "last"),
            ],
            Negative = new ConditionInput { Prompt = Prompt.Parse("[dog]") },
            Seed = long.MaxValue - 10,
            Sampler = "euler",
            Spacing = Spacing.Exponential,
            Steps = 7,
            Eta = 0.1,
            Guidance = 3.3,
            GuidanceRescale = 0.7,
            GuidanceInterval = new(10, 900.5),
            Width = 16,
            Height = 24,
            PatchSize = 8,
            BatchSize = 3,
        };

    [Theory]
    [InlineData(0, 0, 3)]
    [InlineData(2, 0, 3)]
    [InlineData(4, 3, 2)]
    public void A_file_gives_back_the_request_of_its_batch(int number, int first, int count)
    {
        var record = Written(Request, number);
        var read = record.ToRequest(_model);

        Assert.Equal(Request.Seed + number, record.Seed);
        Assert.Equal(number - first, record.Position);
        Assert.Equal(Request.Inputs.Skip(first).Take(count).Select(Describe), read.Inputs.Select(Describe));
        Assert.Equal(Describe(Request.Inputs[number]), (record.Input.Class, record.Input.Prompt));
        Assert.Equal("[dog]", read.Negative.Prompt!.Source);
        Assert.Equal(
            Request with
            {
                Inputs = [],
                Negative = ConditionInput.None,
                Seed = Request.Seed + first,
                BatchSize = count,
            },
            read with
            {
                Inputs = Array.Empty<ConditionInput>(),
                Negative = ConditionInput.None,
            },
            SameSettings
        );
        Assert.Equal(Origin.Start, record.Start);
        Assert.Equal((Identity, 2), (record.Model, record.Threads));
    }

    [Fact]
    public void What_the_sampler_chose_is_written_down()
    {
        var record = Written(new SamplingRequest { Classes = [null], Sampler = "euler-ancestral" }, 0);

        Assert.Equal((30, Spacing.Karras, 1.0), (record.Steps, record.Spacing, record.Eta));
        Assert.Equal((8, 8), (record.Width, record.Height));
    }

    [Fact]
    public void Other_programs_read_the_usual_keys()
    {
        var png = GeneratedPng.Encode(TestImages.Pattern(8, 8), GenerationRecord.Of(Request, 3, _model, Origin));
        var text = PngText.Read(png, "file").Single(entry => entry.Keyword == "parameters").Text;

        Assert.Equal(
            "größe: \"5\", 🍎\nzwei\nNegative prompt: [dog]\n"
                + "Steps: 7, Sampler: Euler, Schedule type: Exponential, CFG scale: 3.3, Seed: 9223372036854775800, "
                + "Size: 16x24, Model hash: aaaaaaaaaa, Model: emoji, Denoising strength: 0.6, "
                + "Init image hash: bbbbbbbbbb, Eta: 0.1, RNG: CPU, LDM guidance rescale: 0.7, "
                + "LDM guidance interval: 10-900.5, LDM patch: 8, Version: ldm 0.1.0",
            text
        );
        Assert.Equal(TestImages.Pattern(8, 8).Pixels, ImageDecoder.Decode(png, "file").Pixels);
    }

    [Fact]
    public void A_class_that_the_model_lacks_is_refused()
    {
        var record = Written(Request, 0) with { Batch = [new RecordedInput(1, Class: "bird")] };

        Assert.Contains(
            "the class 'bird'",
            Assert.Throws<UserInputException>(() => record.ToRequest(_model)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("\"version\":1", "\"version\":2", "its version is 2")]
    [InlineData("\"position\":0", "\"position\":3", "no picture 3")]
    [InlineData("\"count\":2", "\"count\":2000000000", "more than 4096")]
    [InlineData("\"steps\":7,", "", "steps")]
    [InlineData("\"spacing\":\"exponential\"", "\"spacing\":\"even\"", "spacing")]
    [InlineData("{", "", "cannot be used")]
    public void A_record_that_cannot_be_right_is_refused(string what, string by, string expected)
    {
        var png = GeneratedPng.Encode(TestImages.Pattern(8, 8), GenerationRecord.Of(Request, 0, _model, Origin));
        var json = PngText.Read(png, "file").Single(entry => entry.Keyword == "ldm").Text;
        var at = json.IndexOf(what, StringComparison.Ordinal);
        PngTextEntry[] texts = [new("ldm", json.Remove(at, what.Length).Insert(at, by))];

        var error = Assert.Throws<ImageFormatException>(() => GeneratedPng.RecordIn(texts, "x.png"));
        Assert.StartsWith("The generation data of \"x.png\" cannot be used: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_sheet_tells_people_only()
    {
        var record = GenerationRecord.Of(Request, 0, _model, Origin);
        var texts = PngText.Read(GeneratedPng.EncodeSheet(TestImages.Pattern(20, 8), record), "sheet");

        Assert.Equal("parameters", Assert.Single(texts).Keyword);
        Assert.Null(GeneratedPng.RecordIn(texts, "sheet"));
    }

    public void Dispose() => _model.Dispose();

    private GenerationRecord Written(SamplingRequest request, int number)
    {
        var png = GeneratedPng.Encode(TestImages.Pattern(8, 8), GenerationRecord.Of(request, number, _model, Origin));
        return GeneratedPng.RecordIn(PngText.Read(png, "file"), "file")!;
    }

    private static ConditionInput Input(int? classId, string? prompt) =>
        new() { ClassId = classId, Prompt = prompt is null ? null : Prompt.Parse(prompt) };

    private static (string?, string?) Describe(ConditionInput input) =>
        (input.ClassId is { } id ? ((string[])["cat", "dog"])[id] : null, input.Prompt?.Source);

    // Records with lists in them are never equal.
    private static bool SameSettings(SamplingRequest a, SamplingRequest b) => b with { Inputs = a.Inputs } == a;
}
