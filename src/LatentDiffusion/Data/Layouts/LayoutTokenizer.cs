using LatentDiffusion.Errors;
using LatentDiffusion.Randomness;

namespace LatentDiffusion.Data.Layouts;

/// <summary>
/// Writes a layout as a sequence of whole numbers for the layout transformer (LDM section 4.3.1, appendix E.3): per object
/// its class and the grid cells of its top left and bottom right corners, free places filled up, at the end the corners of
/// the crop. With 30 objects that is 92 tokens.
/// </summary>
public sealed class LayoutTokenizer
{
    private const int TokensPerObject = 3;

    // "LAYO".
    private const long Purpose = 0x4c41594f;

    private readonly string[] _labels;
    private readonly Dictionary<string, int> _ids;

    /// <summary>Creates a tokenizer.</summary>
    /// <param name="labels">Class names in the order of their ids.</param>
    /// <exception cref="UserInputException">A label occurs twice.</exception>
    public LayoutTokenizer(IReadOnlyList<string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        _labels = [.. labels];
        _ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var label in labels)
        {
            if (!_ids.TryAdd(label, _ids.Count))
            {
                throw new UserInputException($"The label '{label}' occurs twice in the list of labels. Remove one.");
            }
        }
    }

    /// <summary>Class names in the order of their ids.</summary>
    public IReadOnlyList<string> Labels => _labels;

    /// <summary>Objects that a sequence has room for.</summary>
    public int MaxObjects { get; init; } = 30;

    /// <summary>Size of the vocabulary; its last token stands for "nothing".</summary>
    public int Vocabulary { get; init; } = 8192;

    /// <summary>Whether groups have class tokens of their own.</summary>
    public bool UseGroup { get; init; } = true;

    /// <summary>Whether occluded, depicted and inside views have class tokens of their own.</summary>
    public bool UseOtherTraits { get; init; } = true;

    /// <summary>
    /// Whether boxes stay in the coordinates of the whole image and the crop is told in two more tokens; otherwise boxes are
    /// those of the crop, which is not told.
    /// </summary>
    public bool EncodeCrop { get; init; } = true;

    /// <summary>Number of tokens in every sequence.</summary>
    public int Length => MaxObjects * TokensPerObject + (EncodeCrop ? 2 : 0);

    /// <summary>The token for "nothing".</summary>
    public int NoneToken => Vocabulary - 1;

    /// <summary>Cells per axis of the grid of positions: 90 with 8,192 tokens.</summary>
    public int GridSize => (int)Math.Sqrt(Vocabulary);

    /// <summary>Whether the vocabulary has a token for every class with every trait that is told.</summary>
    public bool HasRoom => _labels.Length * ((long)UsedTraits + 1) <= NoneToken;

    /// <summary>The token of a position; coordinates are rounded to the even cell where they lie half-way.</summary>
    /// <param name="x">0 (left) to 1.</param>
    /// <param name="y">0 (top) to 1.</param>
    public int PositionToken(double x, double y) => Cell(y) * GridSize + Cell(x);

    /// <summary>The position that a token stands for.</summary>
    public (double X, double Y) PositionOf(int token) =>
        (token % GridSize / (GridSize - 1.0), token / GridSize / (GridSize - 1.0));

    /// <summary>The token of a class with traits.</summary>
    /// <exception cref="UserInputException">The label is unknown.</exception>
    /// <exception cref="InvalidOperationException">The vocabulary has no room for so many classes.</exception>
    public int ClassToken(string label, ObjectTraits traits)
    {
        var token = IdOf(label) + _labels.Length * (int)(traits & UsedTraits);
        return token < NoneToken
            ? token
            : throw new InvalidOperationException(
                $"{_labels.Length} classes with their traits need more tokens than the vocabulary's {Vocabulary}."
            );
    }

    /// <summary>The position of a label.</summary>
    /// <exception cref="UserInputException">The label is unknown.</exception>
    public int IdOf(string label)
    {
        ArgumentNullException.ThrowIfNull(label);
        return _ids.TryGetValue(label, out var id)
            ? id
            : throw new UserInputException($"Unknown label '{label}'. {NearestName.Advice(label, _labels, "labels")}");
    }

    /// <summary>Encodes objects.</summary>
    /// <param name="objects">
    /// Objects of the whole image. Those that the crop does not show are left out; of more than <see cref="MaxObjects"/> the
    /// first are taken.
    /// </param>
    /// <param name="crop">The part of the image that is shown; null for all of it.</param>
    /// <param name="mirrored">Whether the image is mirrored left to right, after cropping.</param>
    /// <param name="shuffleSeed">Puts the objects into an order drawn with this seed, as training does; null keeps theirs.</param>
    /// <returns><see cref="Length"/> tokens.</returns>
    /// <exception cref="UserInputException">A label is unknown.</exception>
    public int[] Encode(
        IReadOnlyList<LayoutObject> objects,
        RelativeBox? crop = null,
        bool mirrored = false,
        long? shuffleSeed = null
    )
    {
        ArgumentNullException.ThrowIfNull(objects);
        var shown = crop ?? RelativeBox.Whole;
        var chosen = objects.Take(MaxObjects).ToArray();
        if (shuffleSeed is { } seed)
        {
            new RandomStream(DerivedSeed.Of(seed, Purpose)).Shuffle(chosen.AsSpan());
        }

        var tokens = new List<int>(Length);
        foreach (var item in chosen.Where(o => o.Box.IntersectionWith(shown) > 0))
        {
            var box = item.Box.Within(EncodeCrop ? RelativeBox.Whole : shown);
            tokens.Add(ClassToken(item.Label, item.Traits));
            AddCorners(tokens, mirrored ? box.Mirrored() : box);
        }

        tokens.AddRange(Enumerable.Repeat(NoneToken, MaxObjects * TokensPerObject - tokens.Count));
        if (EncodeCrop)
        {
            AddCorners(tokens, mirrored ? shown.Mirrored() : shown);
        }

        return [.. tokens];
    }

    /// <summary>The objects that a sequence tells of, to the precision of the grid.</summary>
    /// <param name="tokens"><see cref="Length"/> tokens; sequences that a model made up are read as far as they make sense.</param>
    public IReadOnlyList<LayoutObject> Decode(IReadOnlyList<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var objects = new List<LayoutObject>();
        for (var i = 0; i + 2 < Math.Min(tokens.Count, MaxObjects * TokensPerObject); i += TokensPerObject)
        {
            var (modifier, id) = Math.DivRem(tokens[i], Math.Max(1, _labels.Length));
            if (tokens[i] == NoneToken || tokens[i] < 0 || modifier > (int)UsedTraits)
            {
                continue;
            }

            objects.Add(new LayoutObject(_labels[id], BoxOf(tokens[i + 1], tokens[i + 2]), (ObjectTraits)modifier));
        }

        return objects;
    }

    /// <summary>The crop that a sequence tells of; the whole image where crops are not encoded.</summary>
    public RelativeBox DecodeCrop(IReadOnlyList<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return EncodeCrop ? BoxOf(tokens[^2], tokens[^1]) : RelativeBox.Whole;
    }

    private ObjectTraits UsedTraits =>
        (UseGroup ? ObjectTraits.Group : ObjectTraits.None)
        | (UseOtherTraits ? ObjectTraits.Occluded | ObjectTraits.Depiction | ObjectTraits.Inside : ObjectTraits.None);

    private int Cell(double share) => (int)Math.Round(share * (GridSize - 1), MidpointRounding.ToEven);

    private void AddCorners(List<int> tokens, RelativeBox box)
    {
        tokens.Add(PositionToken(box.X, box.Y));
        tokens.Add(PositionToken(box.X + box.Width, box.Y + box.Height));
    }

    private RelativeBox BoxOf(int topLeft, int bottomRight)
    {
        var (x, y) = PositionOf(topLeft);
        var (right, bottom) = PositionOf(bottomRight);
        return new RelativeBox(x, y, right - x, bottom - y);
    }
}
