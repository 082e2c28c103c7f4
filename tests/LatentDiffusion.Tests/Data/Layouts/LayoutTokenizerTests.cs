using CsCheck;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Data.Layouts;

public sealed class LayoutTokenizerTests
{
    private static readonly string[] Labels = [.. Enumerable.Range(0, 10).Select(i => $"class {i}")];

    private static readonly LayoutObject[] Objects =
    [
        new("class 2", new(0.1, 0.2, 0.3, 0.4), ObjectTraits.Group),
        new("class 7", new(0.5, 0.5, 0.49, 0.25), ObjectTraits.Occluded | ObjectTraits.Inside),
    ];

    private static readonly RelativeBox Crop = new(0.25, 0, 0.5, 1);

    private static readonly Gen<RelativeBox> Boxes = Gen.Select(
            Gen.Double[0, 0.9],
            Gen.Double[0, 0.9],
            Gen.Double[0.02, 1],
            Gen.Double[0.02, 1]
        )
        .Select((x, y, w, h) => new RelativeBox(x, y, Math.Min(w, 1 - x), Math.Min(h, 1 - y)));

    [Fact]
    public void Tokens_equal_the_reference()
    {
        var golden = GoldenCase.Load("conditioning", "bbox_tokens");
        var withCrop = new LayoutTokenizer(Labels) { MaxObjects = 3 };
        var withoutCrop = new LayoutTokenizer(Labels) { MaxObjects = 3, EncodeCrop = false };

        Equal(golden, "full", withCrop.Encode(Objects));
        Equal(golden, "crop", withCrop.Encode(Objects, Crop));
        Equal(golden, "flip", withCrop.Encode(Objects, Crop, mirrored: true));
        Equal(GoldenCase.Load("conditioning", "bbox_tokens_noencodecrop"), "crop", withoutCrop.Encode(Objects, Crop));
    }

    [Fact]
    public void Positions_equal_the_reference()
    {
        var golden = GoldenCase.Load("conditioning", "bbox_tokens").Case("tok_points");
        var tokenizer = new LayoutTokenizer(Labels);

        Assert.Equal(golden.Integer("0,0"), tokenizer.PositionToken(0, 0));
        Assert.Equal(golden.Integer("1,1"), tokenizer.PositionToken(1, 1));
        Assert.Equal(golden.Integer(".5,.25"), tokenizer.PositionToken(0.5, 0.25));
        Assert.Equal(90, tokenizer.GridSize);
    }

    [Fact]
    public void A_sequence_has_92_tokens_of_which_free_places_are_none()
    {
        var tokens = new LayoutTokenizer(Labels).Encode(Objects);

        Assert.Equal(92, tokens.Length);
        Assert.All(tokens[6..90], token => Assert.Equal(8191, token));
        Assert.Equal(
            90,
            new LayoutTokenizer(Labels) { EncodeCrop = false }
                .Encode([])
                .Length
        );
    }

    [Fact]
    public void What_is_encoded_can_be_decoded_to_the_precision_of_the_grid() =>
        Gen.Select(Gen.Int[0, 9], Boxes, Gen.Int[0, 15])
            .Array[0, 30]
            .Sample(items =>
            {
                var objects = items
                    .Select(i => new LayoutObject($"class {i.Item1}", i.Item2, (ObjectTraits)i.Item3))
                    .ToArray();
                var tokenizer = new LayoutTokenizer(Labels);

                var decoded = tokenizer.Decode(tokenizer.Encode(objects));

                Assert.Equal(objects.Select(o => (o.Label, o.Traits)), decoded.Select(o => (o.Label, o.Traits)));
                foreach (var (expected, actual) in objects.Zip(decoded))
                {
                    Assert.Equal(expected.Box.X, actual.Box.X, 0.5 / 89 + 1e-9);
                    Assert.Equal(expected.Box.Height, actual.Box.Height, 1.0 / 89 + 1e-9);
                }
            });

    [Fact]
    public void Mirroring_twice_gives_the_same_tokens() =>
        Boxes.Sample(box =>
        {
            var tokenizer = new LayoutTokenizer(Labels);
            var mirrored = new LayoutObject("class 1", box.Mirrored());

            var tokens = tokenizer.Encode([mirrored], mirrored: true);

            var expected = tokenizer.PositionOf(tokenizer.Encode([new LayoutObject("class 1", box)])[1]);
            Assert.Equal(expected.X, tokenizer.PositionOf(tokens[1]).X, 1 / 89.0 + 1e-9);
            Assert.Equal(RelativeBox.Whole, tokenizer.DecodeCrop(tokens));
        });

    [Fact]
    public void Objects_outside_of_the_crop_are_left_out_and_only_30_are_taken()
    {
        var tokenizer = new LayoutTokenizer(Labels);
        LayoutObject[] left = [new("class 1", new(0, 0, 0.2, 1))];

        Assert.Equal(8191, tokenizer.Encode(left, new RelativeBox(0.5, 0, 0.5, 1))[0]);
        Assert.Equal(30, tokenizer.Decode(tokenizer.Encode([.. Enumerable.Repeat(left[0], 40)])).Count);
    }

    [Fact]
    public void Shuffling_keeps_the_objects_and_depends_on_the_seed()
    {
        var tokenizer = new LayoutTokenizer(Labels);
        LayoutObject[] objects = [.. Labels.Select(l => new LayoutObject(l, RelativeBox.Whole))];

        var (first, again) = (tokenizer.Encode(objects, shuffleSeed: 1), tokenizer.Encode(objects, shuffleSeed: 1));

        Assert.Equal(first, again);
        Assert.NotEqual(first, tokenizer.Encode(objects, shuffleSeed: 2));
        Assert.Equal(Labels, tokenizer.Decode(first).Select(o => o.Label).Order());
    }

    [Fact]
    public void Traits_that_are_not_used_do_not_change_the_class_token()
    {
        var plain = new LayoutTokenizer(Labels) { UseGroup = false, UseOtherTraits = false };
        var groups = new LayoutTokenizer(Labels) { UseOtherTraits = false };

        Assert.Equal(7, plain.ClassToken("class 7", ObjectTraits.Group | ObjectTraits.Inside));
        Assert.Equal(17, groups.ClassToken("class 7", ObjectTraits.Group | ObjectTraits.Inside));
    }

    [Fact]
    public void A_crop_shows_only_the_part_of_a_box_that_lies_inside()
    {
        var visible = new RelativeBox(0.1, 0.2, 0.3, 0.4).VisibleIn(Crop)!.Value;

        Assert.Equal(0, visible.X);
        Assert.Equal(0.3, visible.Width, 1e-9);
        Assert.Equal(0.2, visible.Y, 1e-9);
        Assert.Equal(0.4, visible.Height, 1e-9);
        Assert.Null(new RelativeBox(0, 0, 0.2, 1).VisibleIn(Crop));
    }

    [Fact]
    public void Unknown_and_repeated_labels_are_named()
    {
        var message = Assert.Throws<UserInputException>(() => new LayoutTokenizer(Labels).IdOf("clas 3")).Message;

        Assert.Contains("'clas 3'", message, StringComparison.Ordinal);
        Assert.Contains("class 3", message, StringComparison.Ordinal);
        Assert.Throws<UserInputException>(() => new LayoutTokenizer(["cat", "cat"]));
        Assert.Throws<InvalidOperationException>(() =>
            new LayoutTokenizer([.. Enumerable.Range(0, 600).Select(i => $"{i}")]).ClassToken(
                "599",
                ObjectTraits.Inside | ObjectTraits.Depiction | ObjectTraits.Group
            )
        );
    }

    private static void Equal(GoldenCase golden, string name, int[] tokens) =>
        Assert.Equal(golden.Integers(name), tokens.Select(t => (long)t));
}
