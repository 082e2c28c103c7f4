using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Tests.Data.Preparation;

/// <summary>A folder laid out as Stellarium's data, with a catalogue in its format.</summary>
internal sealed class TinyStellarium(string root)
{
    private readonly List<byte> _catalog = [];
    private readonly List<string> _tiles = [];

    public string Root => root;

    public string Folder => Path.Combine(root, "nebulae", "default");

    public string CatalogFile => Path.Combine(Folder, "catalog.dat");

    public string Version { get; init; } = "3.16";

    /// <summary>Adds an object at a place in degrees, with a number in one of the catalogues.</summary>
    public void Add(uint type, double rightAscension, double declination, string catalogue = "", uint number = 0)
    {
        string[] catalogues =
        [
            "NGC",
            "IC",
            "M",
            "C",
            "B",
            "Sh2",
            "VdB",
            "RCW",
            "LDN",
            "LBN",
            "Cr",
            "Mel",
            "PGC",
            "UGC",
        ];
        Number(1);
        Reals(double.DegreesToRadians(rightAscension), double.DegreesToRadians(declination), 99, 12.5);
        Number(type);
        Text("SA(s)b");
        Reals(0.1, 0.2);
        Number(45);
        Reals(99, 0, 0, 0, 0, 0);
        foreach (var name in catalogues)
        {
            Number(name == catalogue ? number : 0);
        }

        Text("Ced 1");
        Number(0);
        Number(0);
        // The second is a null string.
        Text("");
        Number(0xffffffff);
        for (var i = 0; i < 5; i++)
        {
            Text("");
        }

        for (var i = 0; i < 5; i++)
        {
            Number(0);
        }
    }

    /// <summary>Adds a square picture around a place in degrees; <paramref name="side"/> is its side in the sky.</summary>
    public void Show(string file, double rightAscension, double declination, RgbImage image, double side = 0.2)
    {
        // Both spellings occur.
        var key = _tiles.Count % 2 == 0 ? "short" : "Short";
        _tiles.Add(
            $$$"""
            {"imageCredits": {"{{{key}}}": "Owner of {{{file}}}", "infoUrl": "https://example.org/{{{file}}}"},
            "imageUrl": "{{{file}}}",
            "worldCoords": [[{{{Corner(-1, -1)}}}, {{{Corner(1, -1)}}}, {{{Corner(1, 1)}}}, {{{Corner(-1, 1)}}}]]},
            """
        );
        Directory.CreateDirectory(Folder);
        File.WriteAllBytes(Path.Combine(Folder, file), PngEncoder.Encode(image));

        // As Stellarium writes fractions.
        string Corner(int x, int y) =>
            $"[{Degrees(rightAscension + x * side / 2)}, {Degrees(declination + y * side / 2)}]";
        string Degrees(double value) => value.ToString("#.0###", CultureInfo.InvariantCulture);
    }

    public void Write()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "textures.json"), $"{{\"subTiles\": [{string.Concat(_tiles)}]}}");
        WriteCatalog(keep: 1);
    }

    /// <summary>Writes a share of the catalogue's bytes, properly compressed.</summary>
    public void WriteCatalog(double keep)
    {
        var objects = _catalog.ToArray();
        using var file = new GZipStream(File.Create(CatalogFile), CompressionLevel.Fastest);
        file.Write(TextBytes(Version));
        file.Write(TextBytes("standard"));
        file.Write(objects.AsSpan(0, (int)(keep * objects.Length)));
    }

    private void Number(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        _catalog.AddRange(bytes);
    }

    private void Reals(params ReadOnlySpan<double> values)
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        foreach (var value in values)
        {
            BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
            _catalog.AddRange(bytes);
        }
    }

    private void Text(string text) => _catalog.AddRange(TextBytes(text));

    private static byte[] TextBytes(string text)
    {
        var content = Encoding.BigEndianUnicode.GetBytes(text);
        var bytes = new byte[sizeof(uint) + content.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)content.Length);
        content.CopyTo(bytes, sizeof(uint));
        return bytes;
    }
}
